"""From a spooled document to a decision: analysis outside any transaction, then T1 inside one."""

from sqlalchemy.orm import Session

from core.failpoints import reached
from core.sandbox import SandboxUnavailable
from core.text import Text
from printgate import queries
from printgate.analysis import DocumentFacts
from printgate.lifecycle import Stage
from printgate.parts import Parts
from printgate.policy import Facts, Outcome
from printgate.queries import Job
from printgate.service import decide
from printgate.service.decide import Kept, Sent, Verdict
from printgate.spool import SpoolUnavailable


def judge(parts: Parts, sent: Sent, *, timeout_seconds: float) -> Verdict | None:
    """Read the document of a job and say what is to become of it; None if there was no time.

    A document that cannot be read in time is left for the background, where there is more time
    (`analysis_limit_seconds`), and is called too complex when there is not; one whose turn has not
    come is left in either case. SpoolUnavailable if there is no room to work in.
    """
    source, output = parts.spool.source(sent.uuid), parts.spool.output(sent.uuid)
    try:
        document = parts.analyser.analyse(
            source, output, sent.format, job_name=sent.title, timeout_seconds=timeout_seconds
        )
    except SandboxUnavailable:
        # All children are busy with other documents: nobody has looked at this one yet.
        return None
    if document.timed_out and timeout_seconds < parts.terms.analysis_limit_seconds:
        return None
    if document.unreadable and parts.spool.is_full:
        # What could not be written down was not read either: that says nothing of the document.
        parts.spool.discard_output(sent.uuid)
        raise SpoolUnavailable
    facts = facts_of(document)
    digest = None if document.unreadable else parts.spool.seal_output(sent.uuid)
    decision = decide.decision_on(sent, facts, parts.rules)
    kept = keep(parts, sent.uuid) if decision.outcome is Outcome.CIRCULATE else None
    return Verdict(decision, facts.pages, kept, digest)


def decide_now(parts: Parts, uuid: str, *, timeout_seconds: float) -> Job:
    """Read and decide a job that waits for it; it stays undecided if there was no time."""
    with parts.database.snapshot() as session:
        job = queries.job_by_uuid(session, uuid)
        if job.stage is not Stage.DECIDING:
            return job
        sent = decide.sent_of(session, job, now=parts.clock.now())
    verdict = judge(parts, sent, timeout_seconds=timeout_seconds)
    if verdict is None:
        return job

    def decided(session: Session) -> Job:
        job = decide.decide_job(
            session,
            uuid,
            verdict,
            ask_expires=parts.terms.ask_expires,
            workdays=parts.terms.workdays,
            now=parts.clock.now(),
        )
        reached("decision-before-commit")
        return job

    job = parts.database.run(decided)
    reached("decision-after-commit")
    return job


def keep(parts: Parts, uuid: str) -> Kept:
    """Put the rewritten PDF of a job into the document store."""
    output = parts.spool.output(uuid)
    return Kept(parts.blobs.put_file(output), output.stat().st_size)


def facts_of(document: DocumentFacts) -> Facts:
    """Return what the rules need to know of a document, with sentences for its sender."""
    return Facts(
        pages=document.pages,
        draft=_draft(document),
        marked=_marked(document),
        unreadable=document.unreadable_text,
        unreadable_code=document.unreadable or "",
    )


def _draft(document: DocumentFacts) -> Text | None:
    if not document.is_draft:
        return None
    return Text(
        'This is a draft ("{marker}"): drafts circulate here without paper.',
        {"marker": document.draft_marker},
    )


def _marked(document: DocumentFacts) -> Text | None:
    if not document.is_marked:
        return None
    return Text(
        "This paper carries a secrecy mark. Such papers may be neither kept nor printed on this "
        "system; please ask the office for secrecy."
    )
