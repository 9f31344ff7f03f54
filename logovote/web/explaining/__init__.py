"""What explains a result, laid out for a page: words, and where things go in a chart.

Templates do no arithmetic, so whatever is drawn has its numbers from here. Loaded when
a result is shown: NumPy comes with it.
"""
