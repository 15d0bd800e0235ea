"""Carries out batches of commands, whatever the database does. Synchronous: it runs in one thread.

Every request gets an outcome. What is temporary may be sent again with the same id: if the first
attempt was committed after all, the resend gets its answer.
"""

import time
from collections.abc import Sequence

import pymysql
import structlog

from shared import batch
from shared.database import Database, OwnConnection, is_locked, is_unavailable
from shared.log import Outcome, Refused, Request
from shared.protocol import Code

log = structlog.get_logger("chatd.writer")

PATIENCE_SECONDS = 3.0  # before a batch is refused as temporary
PAUSE_SECONDS = 0.02

ROW_FAULTS = (pymysql.err.IntegrityError, pymysql.err.DataError)


class Writer:
    """Commits batches, one transaction each where all goes well."""

    def __init__(self, database: Database | OwnConnection, *, longest: int) -> None:
        self._database = database
        self._longest = longest  # text, in code points
        self._away = False

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Carry out `requests`; the outcomes stand in the order in which they were committed."""
        outcomes: list[Outcome] = []
        pending = list(requests)
        # While the database is away every batch tries once: waiting would only delay the refusals.
        until = time.monotonic() + (0 if self._away else PATIENCE_SECONDS)
        skip_locked = False
        while pending:
            try:
                with self._database.transaction() as cursor:
                    result, later = batch.write(
                        cursor, pending, longest=self._longest, skip_locked=skip_locked
                    )
            except ROW_FAULTS as fault:
                log.warning("batch failed by a row", size=len(pending), fault=str(fault))
                return outcomes + self._one_by_one(pending)
            except Exception as fault:
                if len(pending) > 1 and not (is_locked(fault) or is_unavailable(fault)):
                    # Not foreseen: one of them may be the cause, and the others can go through.
                    log.error("batch failed", size=len(pending), exc_info=fault)
                    return outcomes + self._one_by_one(pending)
                # A room that somebody holds is worth one more attempt in any case: without that room.
                waits = is_locked(fault) and not skip_locked
                if not waits and (
                    time.monotonic() >= until or not (is_locked(fault) or is_unavailable(fault))
                ):
                    return outcomes + self._refuse(pending, fault)
                skip_locked = is_locked(fault)
            else:
                self._away = False
                outcomes += result.outcomes
                if later and time.monotonic() >= until:
                    return outcomes + [Refused(request, Code.BUSY, temporary=True) for request in later]
                pending = later
            if pending:
                time.sleep(PAUSE_SECONDS)
        return outcomes

    def _one_by_one(self, requests: Sequence[Request]) -> list[Outcome]:
        """Carry out the requests of a batch that failed by one of them, so that only the culprit is refused.

        Behind one that is refused for a while none of its author is carried out: a sender's order
        would break; and none at all where the database is away.
        """
        outcomes: list[Outcome] = []
        waiting: dict[int, str] = {}  # authors, and the code of their refusal
        for request in requests:
            author = request.author.id
            if author in waiting or self._away:
                code = waiting.get(author, Code.UNAVAILABLE)
                outcomes.append(Refused(request, code, temporary=True))
                continue
            outcome = self._alone(request)
            outcomes.append(outcome)
            if isinstance(outcome, Refused) and outcome.temporary:
                waiting[author] = outcome.code
        return outcomes

    def _alone(self, request: Request) -> Outcome:
        """Carry out one request, twice where a row is in its way.

        The row may be one that another daemon just wrote: then the second attempt finds it.
        """
        for attempt in range(2):
            try:
                with self._database.transaction() as cursor:
                    return batch.write(cursor, [request], longest=self._longest)[0].outcomes[0]
            except ROW_FAULTS as fault:
                if attempt:
                    log.error("request refused by the database", fault=str(fault))
            except Exception as fault:
                return self._refuse([request], fault)[0]
        return Refused(request, Code.INVALID)

    def _refuse(self, requests: Sequence[Request], fault: Exception) -> list[Outcome]:
        """The outcome is unknown or nothing was written: try again, and rule 'resending is free' decides."""
        if is_locked(fault):
            return [Refused(request, Code.BUSY, temporary=True) for request in requests]
        if not is_unavailable(fault):
            log.error("batch failed", size=len(requests), exc_info=fault)
        elif not self._away:
            log.error("database can not be written to", fault=str(fault))
            self._away = True
        return [Refused(request, Code.UNAVAILABLE, temporary=True) for request in requests]
