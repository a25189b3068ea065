/* Numbers of the Linux x86-64 system call interface, as they stand in traces: fixed here, never taken from the host's
 * headers. */
#ifndef TWINWALK_LINUX_ABI_H
#define TWINWALK_LINUX_ABI_H

enum linux_syscall {
    LX_OPEN = 2,
    LX_CLOSE = 3,
    LX_MMAP = 9,
    LX_MPROTECT = 10,
    LX_MUNMAP = 11,
    LX_BRK = 12,
    LX_MREMAP = 25,
    LX_MADVISE = 28,
    LX_SHMAT = 30,
    LX_SHMCTL = 31,
    LX_DUP = 32,
    LX_DUP2 = 33,
    LX_CLONE = 56,
    LX_FORK = 57,
    LX_VFORK = 58,
    LX_EXECVE = 59,
    LX_EXIT = 60,
    LX_SHMDT = 67,
    LX_CREAT = 85,
    LX_EXIT_GROUP = 231,
    LX_OPENAT = 257,
    LX_DUP3 = 292,
    LX_MEMFD_CREATE = 319,
    LX_EXECVEAT = 322,
    LX_PKEY_MPROTECT = 329,
    LX_OPENAT2 = 437,
};

enum { LX_ENOMEM = 12, LX_IPC_RMID = 0 };

enum linux_shmat { LX_SHM_RDONLY = 010000, LX_SHM_REMAP = 040000, LX_SHM_EXEC = 0100000 };

enum linux_clone { LX_CLONE_VM = 0x100, LX_CLONE_FILES = 0x400, LX_CLONE_VFORK = 0x4000, LX_CLONE_THREAD = 0x10000 };

enum linux_prot { LX_PROT_READ = 1, LX_PROT_WRITE = 2, LX_PROT_EXEC = 4, LX_PROT_GROWSDOWN = 0x01000000 };

enum linux_map {
    LX_MAP_SHARED = 1,
    LX_MAP_PRIVATE = 2,
    LX_MAP_SHARED_VALIDATE = 3,
    LX_MAP_TYPE = 15, /* mask of the three */
    LX_MAP_FIXED = 0x10,
    LX_MAP_ANONYMOUS = 0x20,
    LX_MAP_GROWSDOWN = 0x100,
    LX_MAP_POPULATE = 0x8000,
    LX_MAP_HUGETLB = 0x40000,
    LX_MAP_HUGE_SHIFT = 26,
    LX_MAP_HUGE_MASK = 63,
    LX_MAP_HUGE_1GB = 30,
};

enum linux_mremap { LX_MREMAP_MAYMOVE = 1, LX_MREMAP_FIXED = 2, LX_MREMAP_DONTUNMAP = 4 };

enum linux_madvise {
    LX_MADV_DONTNEED = 4,
    LX_MADV_FREE = 8,
    LX_MADV_REMOVE = 9,
    LX_MADV_DONTFORK = 10,
    LX_MADV_DOFORK = 11,
    LX_MADV_HUGEPAGE = 14,
    LX_MADV_NOHUGEPAGE = 15,
    LX_MADV_WIPEONFORK = 18,
    LX_MADV_KEEPONFORK = 19,
    LX_MADV_COLD = 20,
    LX_MADV_PAGEOUT = 21,
    LX_MADV_POPULATE_READ = 22,
    LX_MADV_POPULATE_WRITE = 23,
    LX_MADV_DONTNEED_LOCKED = 24,
    LX_MADV_COLLAPSE = 25,
};

#endif
