"""The verbs that change jobs and printers.

arrive.py  a job and its document come in          decide.py  what becomes of it (T0, T1)
forward.py its way through CUPS (T2)               finish.py  how it ends (T3), cancelling, expiry
answer.py  what a person decides on a page         holding.py what waits for its release
attention.py what helps a job that does not move    trial.py a test page
printers.py the printers offered                   restored.py after an old database was put back

Every verb takes the session first and never commits. `change` is the one place that moves a job
from stage to stage.
"""
