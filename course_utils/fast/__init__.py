"""What exists only for speed. Nothing here is needed to understand a lesson.

=====================  ==============================================================
module                 what it saves
=====================  ==============================================================
``cores``              how many cores there are; NumPy's products kept on one of them
``side_by_side``       whole trainings, two at a time on two cores
=====================  ==============================================================
"""
