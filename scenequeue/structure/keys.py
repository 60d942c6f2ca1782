"""Every Redis key's name, type and meaning, in one place.

All keys of a namespace share one hash tag, so that every script runs on a Redis Cluster too. The Lua
scripts get the prefixes as KEYS and build the same names; the list here is the one to read.
"""

from scenequeue.jobs.ids import JobId

#: Numbers of the structures of keys that this version serves, newest first. A later version whose Lua steps cannot work on the
#: same keys as these takes the next number, so that it has keys of its own, and serves the structure before as well.
STRUCTURES: tuple[int, ...] = (2,)
#: Keys without a number, which containers, dispatchers and operators of all structures share.
SHARED = frozenset(
    {
        *("control", "drain", "containers", "container", "dispatcher", "fence", "plan"),
        *("rates", "limits", "rollup", "audit", "decisions", "settings", "access", "session", "sign_in"),
    }
)
#: Keys of structure 1, which had no number, that exist only while something is queued in it.
OLDER = ("lane:urgent", "lane:normal", "lane:bulk", "leases", "delayed")


class Keys:
    """Builds the key names of one structure of a namespace: "{namespace}:2:<key>", and "{namespace}:<key>" for SHARED.

    | key | type | what |
    |---|---|---|
    | lane:<lane>:<need> | zset | ring of jobs with ready items of a need; score: the turn a job was last served in |
    | lane:paused:<need>, since:paused:<need> | zset | the same of paused jobs, which `counts` has under "paused" too |
    | since:<lane>:<need> | zset | the same jobs by the time that they entered the ring (ms) |
    | needs | set | every need with ready items; a few that had some before |
    | counts | hash | items per state; films, others done; turn; ready:<lane>:<need>; weight:<lane>:<need> (thousandths) |
    | control | hash | paused, paused:<lane>: a pause (JSON); transient: 1 with `up`; repaired…, sampled:, looked:, sample |
    | drain:<container> | string | the container gets no more leases; the operator who asked for it, or empty; expires |
    | bell:<need> | list | one element while items of a need are ready that no pause holds back, and no worker has taken it |
    | job:<id> | hash | spec, state, times, counters, those of what is ready by need; needs; paused; stage:<n>, see stages.lua |
    | job:<id>:ready:<need> | list | "<item id> <weight ms> <json>" of ready items, next one first |
    | job:<id>:stage:<n>:<need> | list | the same, of a stage that has not opened |
    | job:<id>:delayed | set | item ids waiting for a retry |
    | job:<id>:results | hash | item id -> result JSON, for done and dead items |
    | job:<id>:dead | hash | item id -> dead letter JSON |
    | job:<id>:dead:names | hash | name -> item id, of all items that ever were dead letters |
    | job:<id>:events | stream | what happened, about the last event_limit |
    | job:<id>:parts:<need> | list | keys of lists that take the place of the ready one, each when the one before has run empty |
    | job:<id>:brought | hash | item id -> how many items it has brought for the next stage |
    | growth:<token> | hash | need -> "<count> <weight ms>" of the items that a leased one is about to bring; expires |
    | growth:<token>:<need> | list | these items; expires |
    | staging:<nonce>:<n>:<need> | list | stage n of a job being submitted; invisible, expires |
    | job:<id>:history | hash | item id -> errors so far (JSON list); id# -> losses not counted; id@: it has a journal |
    | item:<job>/<item> | hash | body, weight_ms, need; leased: token, attempt, container, begun, begun_ms, spare: 2nd lease |
    | journal:<job>/<item> | hash | notes of an item that outlive its attempts, by name; expires |
    | leases | zset | <job>/<item> by deadline (ms) |
    | delayed | zset | <job>/<item> by due time (ms) |
    | dead | zset | <job>/<item> by time of burial (ms) |
    | held:<container> | set | <job>/<item> that a container has leases of; expires a day after its last lease or heartbeat |
    | held:<container>:call | string | the container's word for its last lease; expires, and goes with the set |
    | jobs | zset | job ids by time of submission (ms) |
    | jobs:state:<state> | zset | the same, of the jobs in this state |
    | jobs:lane:<lane> | zset | the same, of the jobs of this lane |
    | jobs:label:<name>=<value> | zset | the same, of the jobs with this label, where the setting indexed_labels names it |
    | jobs:paused | zset | ids of paused jobs by the time of their pause (ms) |
    | jobs:folders | zset | "<job id> <address>" of the jobs' working folders, by the time that each is looked at next (ms) |
    | jobs:names | zset | job ids, all with score 0, to be found by their beginning |
    | expiring | zset | ended jobs, with what to forget of them (expiry.lua), by the time that their keys expire (ms) |
    | wished | zset | ids of active jobs with wishes, by time of submission (ms) |
    | audit | stream | acts of operators: by, act, about, amount, why, detail; about 10,000, for a year after the last |
    | decisions | stream | the dispatcher's decisions: mark, decision (JSON); about 1,000, for 90 days after the last |
    | rollup:minute, rollup:five, rollup:hour | hash | place of a slot -> history of it (JSON), see rollup.lua |
    | limits | hash | limit that an operator changed -> {value, by, at_ms} (JSON) |
    | access | string | keys of the page and the HTTP API: name -> {sha256, role, by, why, at_ms} (JSON) |
    | session:<hash> | string | somebody who has signed in on the page: name, hash of the key, role (JSON); expires |
    | sign_in:<hash> | string | the same, that a one-time link opens; expires |
    | dead:reasons | hash | code of the last error, or its class where it has none of ours -> how many dead letters |
    | dead:reason:<reason> | zset | <job>/<item> by time of burial (ms) |
    | dead:reason_of | hash | <job>/<item> -> reason, error class |
    | containers | zset | container ids by time of first mention (ms) |
    | container:<id> | hash | launch record and beat of a container; expires |
    | container:<id>:log | list | last lines of its log, newest first: "<run>-<number> <line>"; expires with the container |
    | dispatcher | hash | owner and fence of the acting dispatcher; expires |
    | fence | string | the last fencing number given out |
    | plan | string | the dispatcher's last decision (JSON); expires |
    | settings | string | the acting dispatcher's settings in force, and the source of each (JSON), no secrets; expires |
    | rates | hash | <need>:busy_ms and <need>:weight_ms, for learned rates |
    | notices | zset | ids of ended jobs with a callback, by time due (ms) |
    """

    def __init__(self, namespace: str, structure: int = STRUCTURES[0]) -> None:
        self.prefix = "{" + namespace + "}:"
        self.structure = f"{self.prefix}{structure}:"

    def __getattr__(self, name: str) -> str:
        if name in _SINGLE:
            return self.of(name)
        raise AttributeError(name)

    def of(self, name: str) -> str:
        """Return the key with this name in the list above."""
        return (self.prefix if name.partition(":")[0] in SHARED else self.structure) + name

    def split(self, key: str) -> tuple[int, str]:
        """Split a key of this namespace into the number of its structure, 0 for a shared key, and its name."""
        number, _, name = key.removeprefix(self.prefix).partition(":")
        return (int(number), name) if number.isdecimal() else (0, key.removeprefix(self.prefix))

    @property
    def older(self) -> tuple[str, ...]:
        """Keys that exist while something is queued in structure 1."""
        return tuple(self.prefix + name for name in OLDER)

    def lane(self, lane: str, need: str) -> str:
        return self.of(f"lane:{lane}:{need}")

    def bell(self, need: str) -> str:
        return self.of(f"bell:{need}")

    def ready(self, job_id: str, need: str) -> str:
        return self.job(job_id, f"ready:{need}")

    def stage(self, job_id: str, stage: int, need: str) -> str:
        return self.job(job_id, f"stage:{stage}:{need}")

    def job(self, job_id: JobId | str, part: str = "") -> str:
        return self.of(f"job:{job_id}:{part}" if part else f"job:{job_id}")

    def item(self, job_id: str, item_id: str) -> str:
        return self.of(f"item:{job_id}/{item_id}")

    def staging(self, nonce: str, stage: int, need: str) -> str:
        return self.of(f"staging:{nonce}:{stage}:{need}")

    def held(self, container_id: str) -> str:
        return self.of(f"held:{container_id}")

    def drain(self, container_id: str) -> str:
        return self.of(f"drain:{container_id}")

    def container(self, container_id: str) -> str:
        return self.of(f"container:{container_id}")

    def session(self, token_sha256: str) -> str:
        return self.of(f"session:{token_sha256}")

    def sign_in(self, token_sha256: str) -> str:
        return self.of(f"sign_in:{token_sha256}")

    def log(self, container_id: str) -> str:
        return self.of(f"container:{container_id}:log")


_SINGLE = frozenset(
    {
        "limits",
        "settings",
        "audit",
        "decisions",
        "access",
        "counts",
        "control",
        "needs",
        "leases",
        "delayed",
        "dead",
        "jobs",
        "containers",
        "dispatcher",
        "fence",
        "plan",
        "rates",
        "notices",
        "expiring",
        "wished",
    }
)
