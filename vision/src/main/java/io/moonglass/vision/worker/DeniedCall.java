package io.moonglass.vision.worker;

/// Calls of Linux that no decoder needs and an intruder would: network, other processes, other programs, changes
/// of files, and doors into the kernel that have been broken before. With their numbers on x86-64 and on arm64
/// (-1 where there is no such call), from the kernel's `syscall_64.tbl` and `asm-generic/unistd.h`.
enum DeniedCall {
    SOCKET(41, 198),
    SOCKETPAIR(53, 199),
    CONNECT(42, 203),
    ACCEPT(43, 202),
    ACCEPT4(288, 242),
    BIND(49, 200),
    LISTEN(50, 201),
    SENDTO(44, 206),
    SENDMSG(46, 211),
    SENDMMSG(307, 269),
    FORK(57, -1),
    VFORK(58, -1),
    EXECVE(59, 221),
    EXECVEAT(322, 281),
    KILL(62, 129),
    TKILL(200, 130),
    RT_SIGQUEUEINFO(129, 138),
    RT_TGSIGQUEUEINFO(297, 240),
    PIDFD_OPEN(434, 434),
    PIDFD_GETFD(438, 438),
    PIDFD_SEND_SIGNAL(424, 424),
    PTRACE(101, 117),
    PROCESS_VM_READV(310, 270),
    PROCESS_VM_WRITEV(311, 271),
    CREAT(85, -1),
    OPENAT2(437, 437),
    OPEN_BY_HANDLE_AT(304, 265),
    RENAME(82, -1),
    RENAMEAT(264, 38),
    RENAMEAT2(316, 276),
    MKDIR(83, -1),
    MKDIRAT(258, 34),
    RMDIR(84, -1),
    LINK(86, -1),
    LINKAT(265, 37),
    UNLINK(87, -1),
    UNLINKAT(263, 35),
    SYMLINK(88, -1),
    SYMLINKAT(266, 36),
    MKNOD(133, -1),
    MKNODAT(259, 33),
    TRUNCATE(76, 45),
    CHMOD(90, -1),
    FCHMOD(91, 52),
    FCHMODAT(268, 53),
    FCHMODAT2(452, 452),
    CHOWN(92, -1),
    LCHOWN(94, -1),
    FCHOWN(93, 55),
    FCHOWNAT(260, 54),
    UTIME(132, -1),
    UTIMES(235, -1),
    FUTIMESAT(261, -1),
    UTIMENSAT(280, 88),
    SETXATTR(188, 5),
    LSETXATTR(189, 6),
    FSETXATTR(190, 7),
    MOUNT(165, 40),
    UMOUNT2(166, 39),
    PIVOT_ROOT(155, 41),
    CHROOT(161, 51),
    UNSHARE(272, 97),
    SETNS(308, 268),
    ADD_KEY(248, 217),
    REQUEST_KEY(249, 218),
    KEYCTL(250, 219),
    BPF(321, 280),
    PERF_EVENT_OPEN(298, 241),
    USERFAULTFD(323, 282),
    IO_URING_SETUP(425, 425),
    IO_URING_ENTER(426, 426),
    IO_URING_REGISTER(427, 427),
    MEMFD_CREATE(319, 279),
    SHMGET(29, 194),
    SEMGET(64, 190),
    MSGGET(68, 186),
    MQ_OPEN(240, 180);

    private final int x86;
    private final int arm;

    DeniedCall(int x86, int arm) {
        this.x86 = x86;
        this.arm = arm;
    }

    int number(boolean onArm) {
        return onArm ? arm : x86;
    }
}
