"""Builds the BPF program for seccomp(2) that refuses system calls to a child. Pure."""

import errno
import struct
from collections.abc import Iterable, Sequence
from typing import TypeAlias

#: Numbers of the system calls that the filter looks at: on x86_64, on aarch64; None where there is none.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    # allowed, and checked first because they are frequent
    "read": (0, 63), "write": (1, 64), "futex": (202, 98), "mmap": (9, 222), "munmap": (11, 215), "madvise": (28, 233),
    "brk": (12, 214), "close": (3, 57), "openat": (257, 56), "newfstatat": (262, 79),
    # sockets
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    # other processes: their memory, descriptors, signals that name a thread or carry data
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # leaving the process group, which is how the child is killed
    "setsid": (112, 157), "setpgid": (109, 154),
    # owners, modes, times and attributes of files, and truncating by name: Landlock does not cover them everywhere
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "truncate": (76, 45),
    # file systems and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "open_tree_attr": (467, 467), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268), "mknod": (133, None),
    "mknodat": (259, 33), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    # memory that outlives a process or belongs to no file
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # much of the kernel that no renderer needs, io_uring first: it makes calls that no filter sees
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "personality": (135, 92), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "syslog": (103, 116), "ioperm": (173, None), "iopl": (172, None), "modify_ldt": (154, None), "lookup_dcookie": (212, 18),
    # allowed with some arguments
    "clone": (56, 220), "clone3": (435, 435), "socketpair": (53, 199), "prlimit64": (302, 261), "setpriority": (141, 140),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122), "ioprio_set": (251, 30), "kill": (62, 129), "tgkill": (234, 131), "fcntl": (72, 25),
    "ioctl": (16, 29),
}  # fmt: skip
#: Checked first, because kernels before 5.11 run the filter for every call.
_FREQUENT = ("read", "write", "futex", "mmap", "munmap", "madvise", "brk", "close", "openat", "newfstatat")
#: AUDIT_ARCH of each machine, and its column in the table.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
#: First number of x86_64's second set of calls (x32), which would bypass the filter.
_X32 = 0x40000000

# Classic BPF: load a word, jump if equal or at least, mask, return. The offsets are those of struct seccomp_data.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _KILL, _REFUSE, _NOT_THERE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

#: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; and CLONE_PARENT, which would make a child of the worker.
_NAMESPACES, _CLONE_PARENT = 0x7E020000, 0x8000
_AF_UNIX, _SOCK_TYPE, _SOCK_STREAM, _SOCK_SEQPACKET = 1, 0xF, 1, 5
#: fcntl's F_SETOWN, F_SETSIG and F_SETOWN_EX, by which the kernel would send a signal in the caller's place.
_SIGNAL_BY_FCNTL = (8, 10, 15)
#: The same by ioctl: FIOSETOWN and SIOCSPGRP.
_SIGNAL_BY_IOCTL = (0x8901, 0x8902)
_IOPRIO_WHO_PROCESS = 1

#: Code, jump if true, jump if false, value: struct sock_filter.
Instruction: TypeAlias = tuple[int, int, int, int]


def program_for(machine: str, worker_pid: int) -> bytes:
    """Return the filter as an array of struct sock_filter; empty for an unsupported machine.

    Args:
        machine: as `platform.machine()` names it.
        worker_pid: the worker, which the child may not signal.
    """
    if machine not in _MACHINES:
        return b""
    arch, column = _MACHINES[machine]
    tests = _tests(worker_pid)
    special = {*_FREQUENT, *tests, "clone3"}
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_IF_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    code += _returning(_ALLOW, [_CALLS[name][column] for name in _FREQUENT])
    if machine == "x86_64":
        code += [(_IF_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    code += _returning(_REFUSE, [numbers[column] for name, numbers in _CALLS.items() if name not in special])
    # Its flags lie in memory, where no filter can read them; on ENOSYS the C library uses clone instead.
    code += _returning(_NOT_THERE, [_CALLS["clone3"][column]])
    for name, test in tests.items():
        code += [(_IF_EQUAL, 0, len(test) + 1, _number(name, column)), *test, (_RETURN, 0, 0, _ALLOW)]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _tests(worker_pid: int) -> dict[str, list[Instruction]]:
    """Return, for each call that is refused by its arguments, instructions that return a refusal or fall through."""
    return {
        "clone": [(_LOAD, 0, 0, _ARGUMENTS_AT), (_IF_ANY_BIT, 0, 1, _NAMESPACES | _CLONE_PARENT), (_RETURN, 0, 0, _REFUSE)],
        # A pair of datagram sockets could send to other sockets by their names.
        "socketpair": [*_only(0, [_AF_UNIX]), *_only(1, [_SOCK_STREAM, _SOCK_SEQPACKET], mask=_SOCK_TYPE)],
        "setpriority": [*_only(0, [0]), *_only(1, [0])],
        "ioprio_set": [*_only(0, [_IOPRIO_WHO_PROCESS]), *_only(1, [0])],
        **{
            name: _only(0, [0])
            for name in ("prlimit64", "sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity")
        },
        # Only its own group, because kill also accepts the id of any of the worker's threads.
        "kill": _only(0, [0]),
        # Names the process besides the thread, so one comparison is enough. `kill.py` uses it.
        "tgkill": _never(0, [worker_pid]),
        "fcntl": _never(1, _SIGNAL_BY_FCNTL),
        "ioctl": _never(1, _SIGNAL_BY_IOCTL),
    }


def call_number(name: str, machine: str) -> int | None:
    """Return the number of a system call of the table; None if it does not exist or the machine is unsupported."""
    return _CALLS[name][_MACHINES[machine][1]] if machine in _MACHINES else None


def _number(name: str, column: int) -> int:
    number = _CALLS[name][column]
    assert number is not None
    return number


def _returning(verdict: int, numbers: Iterable[int | None]) -> list[Instruction]:
    """Return instructions that give this verdict for these calls: one comparison each, then one return."""
    known = [number for number in numbers if number is not None]
    last = len(known) - 1
    # The last comparison jumps over the return if it does not match.
    compared = [(_IF_EQUAL, last - index, 1 if index == last else 0, number) for index, number in enumerate(known)]
    return [*compared, (_RETURN, 0, 0, verdict)]


def _only(argument: int, values: Sequence[int], mask: int = 0) -> list[Instruction]:
    """Return instructions that refuse the call unless the low half of this argument is one of these values."""
    masked = [(_AND, 0, 0, mask)] if mask else []
    compared = [(_IF_EQUAL, len(values) - index, 0, value & 0xFFFFFFFF) for index, value in enumerate(values)]
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument), *masked, *compared, (_RETURN, 0, 0, _REFUSE)]


def _never(argument: int, values: Sequence[int]) -> list[Instruction]:
    """Return instructions that refuse the call if the low half of this argument is one of these values."""
    compared = [
        instruction for value in values for instruction in ((_IF_EQUAL, 0, 1, value & 0xFFFFFFFF), (_RETURN, 0, 0, _REFUSE))
    ]
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument), *compared]
