"""What a page is: a path, a loader of its data, a template, and regions that are sent again when they change.

In: a path with its query and who looks. Out: data (JSON) and HTML. A page's regions depend on its data alone, so that
all members of one VO who look at the same URL are served from one rendering; a page that is personal is rendered for one person.
"""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.log.audit_service import AuditService
from api.log.gateway import now_micros
from api.monitor.counting import Counts, Load
from api.native.job_files import JobFiles
from api.queries.read_models import ReadModels
from api.services import Services
from identity.identity import Identity
from identity.ruling import OPERATOR, PRODUCTION

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Touched:
    """What the log said since the last look: ids of tasks and jobs, names of queues, keys of Harvesters (`vo/harvester_id`)."""

    tasks: frozenset[int]
    jobs: frozenset[int]
    queues: frozenset[str]
    harvesters: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.jobs or self.queues or self.harvesters)


@dataclass(frozen=True, slots=True)
class PageView:
    """One look at one page."""

    identity: Identity
    path: str
    names: Mapping[str, str]
    parameters: Mapping[str, str]
    read_models: ReadModels
    audit_service: AuditService
    services: Services
    counts: Counts
    files: JobFiles
    now: int = field(default_factory=now_micros)

    @property
    def may_operate(self) -> bool:
        """True for shifters: operators and production."""
        return bool(self.identity.roles.intersection((OPERATOR, PRODUCTION)))

    @property
    def vo(self) -> str:
        """Whose data is shown."""
        return self.identity.vo

    async def counted(self, load: Load, about: Hashable = None) -> Data:
        """What `load` counts for this URL and VO, perhaps as of a moment ago; see `Counts.of`.

        about: what else the counts depend on, as the person and the tasks that are counted for.
        """
        key = (self.vo, self.path, tuple(sorted(self.parameters.items())), about)
        return await self.counts.of(key, load)


def everything(touched: Touched, _: PageView) -> bool:
    """Lists of everything change with everything."""
    return bool(touched)


def as_it_is(data: Data) -> Any:
    """The data itself."""
    return data


def nowhere(_: Data) -> str | None:
    """A page is shown itself."""
    return None


@dataclass(frozen=True, slots=True)
class MonitorPage:
    """name: also of the template. pattern: of the path, its named groups are handed to `load`. title: may use the data.

    regions: blocks of the template that are sent again. concerned: whether what was touched may change the page. document:
    its JSON. aliases: patterns of BigPanDA's paths with the same names. is_personal: what it shows depends on who looks.
    leads_to: a path that a browser is sent to instead of being shown the page; None to show it.
    """

    name: str
    pattern: str
    title: Callable[[Data], str]
    load: Callable[[PageView], Awaitable[Data]]
    regions: tuple[str, ...]
    concerned: Callable[[Touched, PageView], bool] = everything
    document: Callable[[Data], Any] = as_it_is
    has_past: bool = False
    is_personal: bool = False
    leads_to: Callable[[Data], str | None] = nowhere

    def match(self, path: str) -> Mapping[str, str] | None:
        """The names in `path`, None when it is not this page's."""
        found = re.fullmatch(self.pattern, path)
        return None if found is None else found.groupdict()
