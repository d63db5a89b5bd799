"""What the edge counts: requests by their outcome, and how many alarms an operator must look at."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter("culm_edge_requests_total", "Requests and failed handshakes of clients with certificates.", ["outcome"])
ALARMS = Gauge("culm_edge_alarms", "What an operator must repair: authorities, revocation lists, rows that cannot be used.")
HANDED_ON, REFUSED, HANDSHAKE, API_AWAY = "handed_on", "refused", "handshake_failed", "api_away"
