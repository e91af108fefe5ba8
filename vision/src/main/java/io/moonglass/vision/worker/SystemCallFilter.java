package io.moonglass.vision.worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// A program for Linux's seccomp filter that answers calls an intruder would make with "not permitted".
///
/// Source: Linux, Documentation/userspace-api/seccomp_filter.rst and `linux/filter.h`.
final class SystemCallFilter {

    /// One instruction: `code`, how many to jump if true and if false, operand.
    private record Instruction(int code, int ifTrue, int ifFalse, int operand) {}

    static final int INSTRUCTION_BYTES = 8;

    // BPF_LD | BPF_W | BPF_ABS and so on
    private static final int LOAD = 0x20;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int JUMP_IF_AT_LEAST = 0x35;
    private static final int JUMP_IF_ANY_BIT = 0x45;
    private static final int RETURN = 0x06;

    private static final int ALLOW = 0x7fff_0000;
    private static final int NOT_PERMITTED = 0x0005_0000 | 1;
    private static final int NOT_THERE = 0x0005_0000 | 38;

    // struct seccomp_data: number, architecture, instruction pointer, six arguments of eight bytes
    private static final int NUMBER = 0;
    private static final int ARCHITECTURE = 4;
    private static final int FIRST_ARGUMENT = 16;

    private static final int X86_64 = 0xc000_003e;
    private static final int AARCH64 = 0xc000_00b7;
    private static final int X32_NUMBERS = 0x4000_0000;

    /// `O_WRONLY | O_RDWR | O_CREAT | O_TRUNC`.
    private static final int WRITING = 1 | 2 | 0100 | 01000;

    /// Of `fcntl`: who gets which signal when a file can be read, which may be another process and any signal.
    private static final int[] SIGNAL_OWNERS = {8, 10, 15}; // F_SETOWN, F_SETSIG, F_SETOWN_EX

    /// Of `ioctl`: what puts words into the terminal that the server was started from.
    private static final int[] TERMINAL_INPUT = {0x5412, 0x541c}; // TIOCSTI, TIOCLINUX

    private static final int CLONE_THREAD = 0x1_0000;
    private static final int CLONE3 = 435;

    private final List<Instruction> program = new ArrayList<>();

    private SystemCallFilter() {}

    /// Forbids network, other programs and processes, and all changes of files. Threads, memory and reading of
    /// files remain.
    ///
    /// @param onArm     arm64, else x86-64
    /// @param processId that signals may be sent to
    static SystemCallFilter of(boolean onArm, long processId) {
        SystemCallFilter filter = new SystemCallFilter();
        filter.add(LOAD, 0, 0, ARCHITECTURE);
        filter.add(JUMP_IF_EQUAL, 1, 0, onArm ? AARCH64 : X86_64);
        filter.add(RETURN, 0, 0, NOT_PERMITTED);
        filter.add(LOAD, 0, 0, NUMBER);
        if (!onArm) {
            filter.add(JUMP_IF_AT_LEAST, 0, 1, X32_NUMBERS);
            filter.add(RETURN, 0, 0, NOT_PERMITTED);
        }
        for (DeniedCall call : DeniedCall.values()) {
            if (call.number(onArm) >= 0) {
                filter.add(JUMP_IF_EQUAL, 0, 1, call.number(onArm));
                filter.add(RETURN, 0, 0, NOT_PERMITTED);
            }
        }
        // its arguments lie in memory, which a filter cannot see; the C library then takes clone
        // instead
        filter.add(JUMP_IF_EQUAL, 0, 1, CLONE3);
        filter.add(RETURN, 0, 0, NOT_THERE);
        filter.denyUnless(onArm ? 220 : 56, 0, JUMP_IF_ANY_BIT, CLONE_THREAD);
        filter.denyUnless(onArm ? 131 : 234, 0, JUMP_IF_EQUAL, (int) processId); // tgkill
        filter.denyUnless(onArm ? 261 : 302, 0, JUMP_IF_EQUAL, 0); // prlimit64 of this process
        filter.denyIf(onArm ? 56 : 257, 2, JUMP_IF_ANY_BIT, WRITING); // openat
        if (!onArm) {
            filter.denyIf(2, 1, JUMP_IF_ANY_BIT, WRITING); // open
        }
        filter.denyIf(onArm ? 25 : 72, 1, JUMP_IF_EQUAL, SIGNAL_OWNERS); // fcntl
        filter.denyIf(onArm ? 29 : 16, 1, JUMP_IF_EQUAL, TERMINAL_INPUT); // ioctl
        filter.add(RETURN, 0, 0, ALLOW);
        return filter;
    }

    private void denyUnless(int call, int argument, int test, int operand) {
        add(JUMP_IF_EQUAL, 0, 4, call);
        add(LOAD, 0, 0, FIRST_ARGUMENT + 8 * argument);
        add(test, 1, 0, operand);
        add(RETURN, 0, 0, NOT_PERMITTED);
        add(RETURN, 0, 0, ALLOW);
    }

    private void denyIf(int call, int argument, int test, int... operands) {
        add(JUMP_IF_EQUAL, 0, 2 + 2 * operands.length, call);
        add(LOAD, 0, 0, FIRST_ARGUMENT + 8 * argument);
        for (int operand : operands) {
            add(test, 0, 1, operand);
            add(RETURN, 0, 0, NOT_PERMITTED);
        }
        add(RETURN, 0, 0, ALLOW);
    }

    private void add(int code, int ifTrue, int ifFalse, int operand) {
        program.add(new Instruction(code, ifTrue, ifFalse, operand));
    }

    int length() {
        return program.size();
    }

    /// As `struct sock_filter[length]`.
    MemorySegment toNative(Arena arena) {
        MemorySegment code = arena.allocate((long) INSTRUCTION_BYTES * length(), 8);
        for (int i = 0; i < length(); i++) {
            Instruction instruction = program.get(i);
            long at = (long) INSTRUCTION_BYTES * i;
            code.set(ValueLayout.JAVA_SHORT, at, (short) instruction.code());
            code.set(ValueLayout.JAVA_BYTE, at + 2, (byte) instruction.ifTrue());
            code.set(ValueLayout.JAVA_BYTE, at + 3, (byte) instruction.ifFalse());
            code.set(ValueLayout.JAVA_INT, at + 4, instruction.operand());
        }
        return code;
    }
}
