"""What each IPP operation does: HANDLERS is the whole list, and operations-supported is its keys.

A handler takes (Parts, Exchange) and returns the answer; it raises IppError or one of our errors,
which `gateway.py` turns into the answer that the client understands.
"""

from collections.abc import Callable

from printgate.ipp.tags import Operation
from printgate.ipp.values import Message
from printgate.operations import jobs, printers, submit
from printgate.operations.exchange import Exchange
from printgate.parts import Parts

HANDLERS: dict[int, Callable[[Parts, Exchange], Message]] = {
    Operation.PRINT_JOB: submit.print_job,
    Operation.VALIDATE_JOB: submit.validate_job,
    Operation.CREATE_JOB: submit.create_job,
    Operation.SEND_DOCUMENT: submit.send_document,
    Operation.CLOSE_JOB: submit.close_job,
    Operation.CANCEL_JOB: jobs.cancel_job,
    Operation.CANCEL_MY_JOBS: jobs.cancel_my_jobs,
    Operation.HOLD_JOB: jobs.hold_job,
    Operation.RELEASE_JOB: jobs.release_job,
    Operation.GET_JOB_ATTRIBUTES: jobs.get_job_attributes,
    Operation.GET_JOBS: jobs.get_jobs,
    Operation.GET_PRINTER_ATTRIBUTES: printers.get_printer_attributes,
    Operation.IDENTIFY_PRINTER: printers.identify_printer,
    Operation.CUPS_GET_DEFAULT: printers.cups_get_default,
    Operation.CUPS_GET_PRINTERS: printers.cups_get_printers,
}
