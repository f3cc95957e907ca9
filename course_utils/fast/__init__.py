"""What exists only for speed. Nothing here is needed to understand a lesson; the plain layers say it all.

=====================  ==============================================================
module                 what it saves
=====================  ==============================================================
``recurrent``          loops over time without a new array in them
``words``              a word's product with W once, wherever it stands
``stack``              no array turned round between layers; `engine.fast` makes one
``update``             rows of a table wait; all other weights are changed as one
``step``               a training step in pieces for two processes
``second``             half of each batch on the other core
``training``           which of the two ways is faster, Ctrl-C, accidents
``side_by_side``       whole trainings, two at a time on two cores
``cores``              NumPy's products kept on one core
=====================  ==============================================================
"""
