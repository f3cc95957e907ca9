"""Helpers of the course *Unrolled*: a lesson builds a thing in view first, then imports it from here.

========================  ==========================================================
module                    what it holds
========================  ==========================================================
``data``, ``sources``     film reviews as train, validation and test parts
``text``                  tokens, vocabulary, padding, batches of similar length
``layers``                the layers in NumPy, with Keras's names and weights
``engine``                models of these layers, trained without a framework
``training``              a progress bar for Keras
``exercises``             checks, hints and solutions of the lessons' exercises
``plots``, ``diagrams``   figures and drawings in one style
``quiet``                 TensorFlow's import without its start-up lines
========================  ==========================================================

``python -m course_utils`` checks whether this machine can run the course.
"""
