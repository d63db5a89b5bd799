"""The independent checker: reads the whole log and the read model, and proves what Culm claims of them.

`reading.py` fetches, `laws.py` judges (pure), `report.py` tells. It shares only `schemas` with the rest of Culm, so that a
mistake there is not repeated here.
"""
