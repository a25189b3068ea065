; Page tables, faults and invalidations on the minimal core, bare metal, each step checked by itself.
;
; The program builds its tables with paging off, turns paging on, and goes through the steps below. r14 counts them: the
; code with which it halts is 0, or the step that was wrong. Every trap is written into the log by the handler, for the
; steps to look at, and for tb/core/judge.py, which reads memory when all is over. Only what the preset has is tried
; (`get rd, features`). 64 KByte of memory are enough:
;
;   0000 code and handler      3000 user code      4000 variables, log
;   5000 PML4 of space A, 6000 PDPT, 7000 PD, 8000 PT           2000 PML5
;   9000 PML4 of space B, a000 PDPT, b000 PD, c000 PT
;   d000 page X, e000 page Y, f000 page Z                       10000 mailbox, outside memory
;
; Linear addresses are physical ones from 0 to 10fff; 40000 and up are windows on X, Y and Z; 200000 a page of 2 MByte
; and 40000000 one of 1 GByte, both from physical 0; ffffff8000000000 and up are all of it once more.

        .equ PML5, 0x2000
        .equ USER, 0x3000
        .equ VARS, 0x4000             ; +0 result, +8 where the next trap is logged, +10 CR4 as it was written,
                                      ; +18 how many stale translations were used
        .equ LOG, 0x4100              ; of each trap: cause, error code, CR2, EPC
        .equ PML4A, 0x5000
        .equ PDPT, 0x6000
        .equ PD, 0x7000
        .equ PT, 0x8000
        .equ PML4B, 0x9000
        .equ PDPTB, 0xa000
        .equ PDB, 0xb000
        .equ PTB, 0xc000
        .equ X, 0xd000
        .equ Y, 0xe000
        .equ Z, 0xf000
        .equ MAILBOX, 0x10000

        .equ W0, 0x40000              ; X, to write
        .equ W1, 0x41000              ; nothing: on demand Y
        .equ W2, 0x42000              ; X, copied to Z when written
        .equ W3, 0x43000              ; X, a user's
        .equ W4, 0x44000              ; X, then others
        .equ W5, 0x45000              ; X, global, then others
        .equ W6, 0x46000              ; Y, and behind it
        .equ W7, 0x47000              ; X, and behind it
        .equ W8, 0x48000              ; nothing
        .equ W9, 0x49000              ; X, to be read only
        .equ WA, 0x4a000              ; a physical page that is not there
        .equ WB, 0x4b000              ; code in Y, then in Z
        .equ HUGE, 0x200000
        .equ NOTABLE, 0x400000        ; the table is not there
        .equ RESERVED, 0x600000       ; a reserved bit in the PDE
        .equ GIANT, 0x40000000
        .equ HIGH, 0xffffff8000000000

        .equ P, 1
        .equ PW, 3                    ; P, R/W
        .equ PWU, 7                   ; P, R/W, U/S
        .equ A, 0x20
        .equ D, 0x40
        .equ PS, 0x80
        .equ G, 0x100
        .equ UC, 0x18                 ; PCD, PWT
        .equ NX, 1 << 63
        .equ KEEP, 1 << 63            ; MOV CR3: no invalidation
        .equ KEY1, 1 << 59

        .equ CR0, 0x80010001          ; PG, WP
        .equ CR0OFF, 0x00010001
        .equ CR4, 0x3000a0            ; PAE, PGE, SMEP, SMAP
        .equ PGE, 0x80
        .equ LA57, 0x1000
        .equ PCIDE, 0x20000
        .equ PKE, 0x400000
        .equ EFER, 0xd01              ; NXE, LMA, LME

        .equ GP, 13
        .equ PF, 14
        .equ MC, 18
        .equ CALL, 128
        .equ HASLA57, 1
        .equ HASPCID, 2
        .equ HAS1G, 4
        .equ HASPKU, 8

        .macro step
        add  r14, r14, 1
        .end
        .macro same one two
        bne  one, two, fail
        .end
        .macro is one number
        li   r2, number
        bne  one, r2, fail
        .end
        ; the eight bytes at a linear address are those
        .macro reads address number
        li   r1, address
        ld   r1, 0(r1)
        is   r1, number
        .end
        ; they are what a TLB may still hold, or what the tables say by now
        .macro stale address old new
        li   r1, address
        ld   r1, 0(r1)
        li   r2, old
        li   r3, new
        call either
        .end
        .macro writes address number
        li   r1, address
        li   r2, number
        st   r2, 0(r1)
        .end
        ; the next trap goes on at a label
        .macro expect label
        la   r12, label
        li   r13, 1
        .end
        ; that trap was this one
        .macro was cause error address
        li   r1, cause
        li   r2, error
        li   r3, address
        call look
        .end
        .macro raised cause
        li   r1, cause
        call lookcause
        .end
        ; control operations
        .macro cr3 number
        li   r1, number
        ctl  MOV_CR3, r1
        .end
        .macro cr4 number
        li   r1, number
        call movcr4
        .end
        .macro invlpg address
        li   r1, address
        ctl  INVLPG, r1
        .end
        ; a bit of r6
        .macro unless bit label
        li   r1, bit
        and  r1, r1, r6
        beq  r1, r0, label
        .end

start:
        li   r14, 1
        la   r1, handler
        put  vector, r1
        get  r6, features

; ---- 1: tables, with paging off ----
        li   r1, VARS
        li   r2, MAILBOX
clear:
        st   r0, 0(r1)
        add  r1, r1, 8
        bltu r1, r2, clear
        li   r1, PML5
        li   r2, PML5 + 0x1000
clear5:
        st   r0, 0(r1)
        add  r1, r1, 8
        bltu r1, r2, clear5
        la   r1, list                 ; pairs of address and value, to an address of 0
build:
        ld   r2, 0(r1)
        beq  r2, r0, built
        ld   r3, 8(r1)
        st   r3, 0(r2)
        add  r1, r1, 16
        jmp  build
built:
        li   r1, PT                   ; space B has the first 17 pages of A
        li   r2, PT + 8 * 17
share:
        ld   r3, 0(r1)
        st   r3, PTB - PT(r1)
        add  r1, r1, 8
        bltu r1, r2, share
        cr3  PML4A
        li   r1, EFER
        ctl  WRMSR_EFER, r1
        cr4  CR4
        li   r1, CR0
        ctl  MOV_CR0, r1              ; from here on through the tables

; ---- 2: A and D ----
        step
        reads PT + 8 * 0x40, X | PW | NX
        reads W0, 0x1111111111111111
        reads PT + 8 * 0x40, X | PW | A | NX
        reads PD, PT | PWU | A        ; upper entries have A, never D
        reads PML4A, PDPT | PWU | A
        writes W0 + 0x18, 0x1234
        reads PT + 8 * 0x40, X | PW | A | D | NX

; ---- 3: one page through several mappings ----
        step
        reads X + 0x18, 0x1234
        reads PD + 8, PW | PS | NX
        reads HUGE + X + 0x18, 0x1234
        reads PD + 8, PW | PS | A | NX
        writes HUGE + X + 0x18, 0x5678
        reads PD + 8, PW | PS | A | D | NX
        reads W0 + 0x18, 0x5678
        reads PML4A + 8 * 511, PDPT | PWU
        reads HIGH + W0 + 0x18, 0x5678
        reads PML4A + 8 * 511, PDPT | PWU | A
        step
        unless HAS1G, no1g
        writes GIANT + X + 0x18, 0x9abc
        reads W0 + 0x18, 0x9abc
        reads PDPT + 8, PW | PS | A | D | NX
        jmp  after1g
no1g:
        expect after1g
        li   r1, GIANT + X
        ld   r1, 0(r1)
        jmp  fail
after1g:

; ---- 5: demand paging: a page that is not there, until it is asked for ----
        step
        li   r13, 2
        li   r5, Y | PW | NX
        reads W1 + 8, 0x2222222222222222
        was  PF, 0, W1 + 8
        reads PT + 8 * 0x41, Y | PW | A | NX

; ---- 6: copy on write ----
        step
        reads W2, 0x1111111111111111
        li   r13, 3
        li   r5, Z | PW | NX
        writes W2 + 0x20, 0x3333
        was  PF, 3, W2 + 0x20
        reads Z + 0x20, 0x3333
        reads X + 0x20, 0x1111111111111111
        reads Z, 0x1111111111111111
        reads W2 + 0xff8, 0x1111111111111111
        reads PT + 8 * 0x42, Z | PW | A | D | NX

; ---- 7: a read-modify-write asks for a write ----
        step
        li   r1, W0
        li   r2, 0x77
        swap r3, r2, 0x28(r1)
        is   r3, 0x1111111111111111
        reads X + 0x28, 0x77
        expect swapped
        li   r1, W9
        swap r3, r2, 0x28(r1)
        jmp  fail
swapped:
        was  PF, 3, W9 + 0x28

; ---- 8: no execution: NX, and SMEP ----
        step
        expect nx
        li   r1, W0
        jr   r1
nx:
        was  PF, 0x11, W0
        expect smep
        li   r1, USER
        jr   r1
smep:
        was  PF, 0x11, USER

; ---- 9: SMAP ----
        step
        expect smap
        li   r1, W3
        ld   r1, 0(r1)
        jmp  fail
smap:
        was  PF, 1, W3
        li   r1, 1
        put  ac, r1
        reads W3 + 0x28, 0x77
        put  ac, r0

; ---- 10: user mode: what it may read, and what it may not ----
        step
        expect user1
        la   r1, USER
        call enter
user1:
        was  PF, 5, W0
        is   r4, 0x77                 ; what it could read before
        expect user2
        la   r1, privileged
        call enter
user2:
        raised GP
        expect user3
        la   r1, calls
        call enter
user3:
        raised CALL
        expect user4
        la   r1, jumps
        call enter
user4:
        was  PF, 0x15, 0

; ---- 11: addresses that are none, entries that are wrong, memory that is not there ----
        step
        expect canonical
        li   r1, 1 << 47
        ld   r1, 0(r1)
        jmp  fail
canonical:
        raised GP
        expect reserved
        li   r1, RESERVED + 0x10
        ld   r1, 0(r1)
        jmp  fail
reserved:
        was  PF, 9, RESERVED + 0x10
        expect notable
        li   r1, NOTABLE
        ld   r1, 0(r1)
        jmp  fail
notable:
        raised MC
        expect nopage
        li   r1, WA
        ld   r1, 0(r1)
        jmp  fail
nopage:
        raised MC
        expect refused                ; MOV CR3 with a reserved bit: #GP, and nothing has changed
        cr3  PML4B | 1 << 60
        jmp  fail
refused:
        raised GP
        reads W1 + 8, 0x2222222222222222

; ---- 12: eight bytes in two pages ----
        step
        writes W6 + 0xffd, 0x8877665544332211
        reads W6 + 0xffd, 0x8877665544332211
        reads X, 0x1111118877665544
        reads Y + 0xff8, 0x3322112222222222
        reads W6 + 0xff1, 0x2222222222222222
        expect halfway
        writes W7 + 0xffc, 0x5555555555555555
        jmp  fail
halfway:
        was  PF, 2, W8                ; CR2 is in the second page, and nothing of the first was written
        reads X + 0xff8, 0x1111111111111111
        writes X, 0x1111111111111111

; ---- 13: INVLPG: what the TLB holds is stale until then ----
        step
        reads W4, 0x1111111111111111
        writes PT + 8 * 0x44, Y | PW | NX
        stale W4, 0x1111111111111111, 0x2222222222222222
        invlpg W4
        reads W4, 0x2222222222222222
        la   r1, snippets             ; the same of code: what stands behind INVLPG is fetched after it
        ld   r2, 0(r1)
        ld   r3, 8(r1)
        ld   r4, 16(r1)
        li   r1, Y
        st   r2, 0x100(r1)
        st   r3, 0x108(r1)
        st   r2, 0x1100(r1)           ; Z
        st   r4, 0x1108(r1)
        li   r1, WB
        li   r2, WB + 0x100
        callr r2
        is   r4, 1
        writes PT + 8 * 0x4b, Z | P
        li   r1, WB
        li   r2, WB + 0x100
        callr r2
        is   r4, 2
        la   r1, flush                ; a jump at the end of a page, with empty TLBs: the walk for the page behind it,
        ld   r3, 0(r1)                ; which is fetched ahead, is answered first, and nobody must take that
        li   r1, Z
        st   r3, 0xff8(r1)
        writes PT + 8 * 0x4c, X | P | A
        li   r2, WB + 0xff8
        callr r2
        is   r4, 2
        writes PT + 8 * 0x4c, 0
        writes PT + 8 * 0x4b, 0

; ---- 14: global pages ----
        step
        reads W5, 0x1111111111111111
        writes PT + 8 * 0x45, Y | PW | G | NX
        reads W4, 0x2222222222222222
        writes PT + 8 * 0x44, X | PW | NX
        cr3  PML4A                    ; all that is not global
        stale W5, 0x1111111111111111, 0x2222222222222222
        reads W4, 0x1111111111111111
        cr4  CR4 - PGE                ; all
        cr4  CR4
        reads W5, 0x2222222222222222
        writes PT + 8 * 0x45, X | PW | G | NX
        ctl  INVPCID_3, r0, r0        ; all that is not global
        stale W5, 0x2222222222222222, 0x1111111111111111
        ctl  INVPCID_2, r0, r0        ; all
        reads W5, 0x1111111111111111

; ---- 15: two spaces with PCIDs ----
        step
        unless HASPCID, nopcid
        writes Z, 0x4444444444444444
        cr4  CR4 | PCIDE
        cr3  PML4A | 1
        reads W4, 0x1111111111111111
        cr3  PML4B | 2
        reads W4, 0x2222222222222222
        cr3  PML4A | 1 | KEEP
        writes PT + 8 * 0x44, Z | PW | NX
        stale W4, 0x1111111111111111, 0x4444444444444444
        cr3  PML4B | 2 | KEEP
        reads W4, 0x2222222222222222
        cr3  PML4A | 1 | KEEP         ; kept
        stale W4, 0x1111111111111111, 0x4444444444444444
        cr3  PML4A | 1                ; not kept
        reads W4, 0x4444444444444444
        writes PT + 8 * 0x44, X | PW | NX
        cr3  PML4B | 2 | KEEP
        li   r1, W4                   ; one address of another space
        li   r2, 1
        ctl  INVPCID_0, r1, r2
        cr3  PML4A | 1 | KEEP
        reads W4, 0x1111111111111111
        writes PT + 8 * 0x44, Y | PW | NX
        stale W4, 0x1111111111111111, 0x2222222222222222
        li   r2, 2                    ; another space
        ctl  INVPCID_1, r0, r2
        stale W4, 0x1111111111111111, 0x2222222222222222
        li   r2, 1                    ; this one
        ctl  INVPCID_1, r0, r2
        reads W4, 0x2222222222222222
        cr3  PML4A                    ; PCID 0, so that PCIDE can go
        cr4  CR4
nopcid:

; ---- 16: protection keys ----
        step
        unless HASPKU, nokeys
        writes PT + 8 * 0x43, X | PWU | NX | KEY1
        invlpg W3
        cr4  CR4 | PKE
        li   r1, 1
        put  ac, r1
        li   r1, 4                    ; key 1: no access
        ctl  WRPKRU, r1
        expect nokey
        li   r1, W3
        ld   r1, 0(r1)
        jmp  fail
nokey:
        was  PF, 0x21, W3
        li   r1, 1
        put  ac, r1
        li   r1, 8                    ; key 1: no write
        ctl  WRPKRU, r1
        reads W3 + 0x28, 0x77
        expect nowrite
        writes W3 + 0x28, 0
        jmp  fail
nowrite:
        was  PF, 0x23, W3 + 0x28
        cr4  CR4
nokeys:

; ---- 17: five levels; paging goes off for it and on again ----
        step
        unless HASLA57, nola57
        li   r1, CR0OFF
        ctl  MOV_CR0, r1
        cr4  CR4 | LA57
        writes PML5, PML4A | PWU
        writes PML5 + 8, PML4A | PWU
        cr3  PML5
        li   r1, CR0
        ctl  MOV_CR0, r1
        reads (1 << 48) + W0 + 0x28, 0x77
        reads PML5 + 8, PML4A | PWU | A
        expect deep
        li   r1, 1 << 47              ; an address now, of a page that is not there
        ld   r1, 0(r1)
        jmp  fail
deep:
        was  PF, 0, 1 << 47
        jmp  last
nola57:
        expect flat
        cr4  CR4 | LA57
        jmp  fail
flat:
        raised GP

; ---- 18: paging off ----
last:
        step
        li   r1, CR0OFF
        ctl  MOV_CR0, r1
        li   r1, 0x600d
        jmp  end

; ---- the end: the mailbox gets 600d, or bad and the step; so does the result ----
fail:
        li   r1, 0xbad
end:
        shl  r1, r1, 16
        or   r1, r1, r14
        li   r2, VARS
        st   r1, 0(r2)
        li   r2, MAILBOX
        st   r1, 0(r2)
        li   r3, 0x600d
        shr  r1, r1, 16
        bne  r1, r3, stop
        li   r14, 0
stop:
        halt r14

; ---- subroutines ----
; The last trap: cause r1, error code r2, CR2 r3; and none is awaited any more.
look:
        li   r7, VARS
        ld   r7, 8(r7)
        ld   r5, -24(r7)
        same r5, r2
        ld   r5, -16(r7)
        same r5, r3
lookcause:
        li   r7, VARS
        ld   r7, 8(r7)
        ld   r5, -32(r7)
        same r5, r1
        same r13, r0
        ret
; r1 is the stale r2, which is counted, or the new r3.
either:
        beq  r1, r3, eithernew
        bne  r1, r2, fail
        li   r2, VARS
        ld   r3, 24(r2)
        add  r3, r3, 1
        st   r3, 24(r2)
eithernew:
        ret
; MOV CR4 of r1
movcr4:
        ctl  MOV_CR4, r1
        li   r2, VARS
        st   r1, 16(r2)
        ret
; Goes on at r1 in user mode.
enter:
        put  epc, r1
        li   r1, 1
        put  saved, r1
        iret

; ---- every trap; its own are r8 to r11 ----
; r13: 0 no trap is expected; 1 go on at r12; 2 the PTE of CR2 becomes r5; 3 likewise, and the page is a copy of X
handler:
        li   r8, VARS
        ld   r9, 8(r8)
        get  r10, cause
        st   r10, 0(r9)
        get  r10, error
        st   r10, 8(r9)
        get  r10, cr2
        st   r10, 16(r9)
        get  r10, epc
        st   r10, 24(r9)
        add  r9, r9, 32
        st   r9, 8(r8)
        li   r9, 1
        beq  r13, r9, elsewhere
        beq  r13, r0, fail
        get  r9, cause
        li   r10, PF
        bne  r9, r10, fail
        li   r9, 2
        beq  r13, r9, entry
        li   r8, X                    ; the copy
        li   r9, Z
        li   r10, X + 0x1000
copy:
        ld   r11, 0(r8)
        st   r11, 0(r9)
        add  r8, r8, 8
        add  r9, r9, 8
        bltu r8, r10, copy
entry:
        get  r8, cr2
        shr  r9, r8, 9
        li   r10, 0xff8
        and  r9, r9, r10
        li   r10, PT
        add  r9, r9, r10
        st   r5, 0(r9)
        li   r9, 3                    ; what was present may be cached
        bne  r13, r9, again
        ctl  INVLPG, r8
again:
        li   r13, 0
        iret
elsewhere:
        put  epc, r12
        put  saved, r0
        li   r13, 0
        iret

; ---- what the tables and pages hold at first ----
list:
        .quad VARS + 8, LOG
        .quad PML4A, PDPT | PWU, PML4A + 8 * 511, PDPT | PWU
        .quad PDPT, PD | PWU, PDPT + 8, PW | PS | NX
        .quad PD, PT | PWU, PD + 8, PW | PS | NX, PD + 16, 0x100000 | PWU, PD + 24, 0x2000 | PW | PS
        .quad PT, 0x0000 | P | G, PT + 8, 0x1000 | P | G, PT + 8 * 2, 0x2000 | PW | NX, PT + 8 * 3, 0x3000 | P | 4
        .quad PT + 8 * 4, 0x4000 | PW | NX, PT + 8 * 5, 0x5000 | PW | NX, PT + 8 * 6, 0x6000 | PW | NX
        .quad PT + 8 * 7, 0x7000 | PW | NX, PT + 8 * 8, 0x8000 | PW | NX, PT + 8 * 9, 0x9000 | PW | NX
        .quad PT + 8 * 10, 0xa000 | PW | NX, PT + 8 * 11, 0xb000 | PW | NX, PT + 8 * 12, 0xc000 | PW | NX
        .quad PT + 8 * 13, X | PW | NX, PT + 8 * 14, Y | PW | NX, PT + 8 * 15, Z | PW | NX
        .quad PT + 8 * 16, MAILBOX | PW | UC | NX
        .quad PT + 8 * 0x40, X | PW | NX, PT + 8 * 0x42, X | P | NX, PT + 8 * 0x43, X | PWU | NX
        .quad PT + 8 * 0x44, X | PW | NX, PT + 8 * 0x45, X | PW | G | NX, PT + 8 * 0x46, Y | PW | NX
        .quad PT + 8 * 0x47, X | PW | NX, PT + 8 * 0x49, X | P | NX, PT + 8 * 0x4a, 0x200000 | PW | NX
        .quad PT + 8 * 0x4b, Y | P
        .quad PML4B, PDPTB | PWU, PDPTB, PDB | PWU, PDB, PTB | PWU, PTB + 8 * 0x44, Y | PW | NX
        .quad X, 0x1111111111111111, X + 0x20, 0x1111111111111111, X + 0x28, 0x1111111111111111
        .quad X + 0xff8, 0x1111111111111111
        .quad Y, 0x2222222222222222, Y + 8, 0x2222222222222222, Y + 0xff0, 0x2222222222222222
        .quad Y + 0xff8, 0x2222222222222222
        .quad 0

        .org 0x1fe0
flush:
        ctl  INVPCID_2, r0, r0
        jr   r15
snippets:                             ; a pair of instructions, and two that may come behind it
        add  r4, r0, 0
        ctl  INVLPG, r1
        add  r4, r0, 1
        jr   r15
        add  r4, r0, 2
        jr   r15

; ---- user mode ----
        .org USER
        li   r1, W3
        ld   r4, 0x28(r1)             ; a page of its own
        li   r1, W0
        ld   r4, 0(r1)                ; one that is not
        jmp  hang
privileged:
        ctl  INVLPG, r0
        jmp  hang
calls:
        syscall
        jmp  hang
jumps:
        jr   r0                       ; the first page is the supervisor's
hang:
        jmp  hang
