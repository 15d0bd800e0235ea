"""The cases, in the order of their worth."""

from tests.bench.case import Case
from tests.bench.cases import connections, delivery, many_rooms, page, pages, sending

CASES: tuple[Case, ...] = (
    delivery.FAN_OUT,
    sending.END_TO_END,
    sending.THROUGH_NGINX,
    sending.DURABLE,
    delivery.STALLED,
    many_rooms.MANY_ROOMS,
    delivery.DAEMONS,
    connections.HANDSHAKES,
    connections.COMEBACK,
    pages.CHAT,
    pages.HISTORY,
    connections.IDLE_CONNECTIONS,
    delivery.MEMBERS,
    page.PAGE,
)
