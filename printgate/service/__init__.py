"""The verbs that change jobs and printers.

arrive.py  a job and its document come in          decide.py  what becomes of it (T0, T1)
forward.py its way through CUPS (T2)               finish.py  how it ends (T3), cancelling, expiry
restored.py  after an old database was put back
answer.py  what a person decides on a page         printers.py the printers offered

Every verb takes the session first and never commits. `change` is the one place that moves a job
from stage to stage.
"""
