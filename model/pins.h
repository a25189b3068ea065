/* The MMU's ports as C sees them: one struct for the inputs of a clock cycle, one for its outputs.
 *
 * This is the C image of docs/microarchitecture.md section 2, shared by the cycle model, the bench and every DUT behind
 * the bench's ABI. Every output is a function of the state alone, so a cycle is: read the outputs, choose the inputs,
 * step. */
#ifndef TWINWALK_PINS_H
#define TWINWALK_PINS_H

#include <stdbool.h>
#include <stdint.h>

enum { PINS_MAX_PORTS = 8 };

enum pins_access { ACC_READ = 0, ACC_WRITE = 1, ACC_EXECUTE = 2 };
enum pins_kind { KIND_OK = 0, KIND_GP = 1, KIND_PF = 2, KIND_MEMERR = 3 };
enum pins_source { SRC_L1 = 0, SRC_STLB = 1, SRC_WALK = 2, SRC_MERGED = 3 };
enum pins_page_size { SIZE_4K = 0, SIZE_2M = 1, SIZE_1G = 2 };

/* Control operations; CTL_INVPCID_ADDRESS … ALL_NONGLOBAL are INVPCID types 0 … 3. */
enum pins_ctl_op {
    CTL_MOV_CR0 = 0,
    CTL_MOV_CR3 = 1,
    CTL_MOV_CR4 = 2,
    CTL_WRMSR_EFER = 3,
    CTL_INVLPG = 4,
    CTL_INVPCID_ADDRESS = 5,
    CTL_INVPCID_CONTEXT = 6,
    CTL_INVPCID_ALL = 7,
    CTL_INVPCID_ALL_NONGLOBAL = 8,
    CTL_WRPKRU = 9,
    CTL_WRMSR_PKRS = 10,
    CTL_WRMSR_PAT = 11,
    CTL_OPS = 12, /* how many there are; 12 … 15 do nothing */
};

/* Memory types as IA32_PAT codes them (SDM 3A 13.12.2). */
enum pins_memory_type { MT_UC = 0, MT_WC = 1, MT_WT = 4, MT_WP = 5, MT_WB = 6, MT_UC_MINUS = 7 };

/* Bits of the #PF error code (SDM 3A 5.7). */
enum pins_error_code {
    PF_P = 1u << 0,
    PF_W = 1u << 1,
    PF_U = 1u << 2,
    PF_RSVD = 1u << 3,
    PF_I = 1u << 4,
    PF_PK = 1u << 5,
    PF_SS = 1u << 6
};

struct pins_req {
    uint64_t va;
    uint8_t id;
    uint8_t acc; /* enum pins_access */
    bool user;   /* CPL = 3; also WRUSS */
    bool imp;    /* implicit supervisor access, whatever `user` says */
    bool ac;     /* EFLAGS.AC */
    bool ss;     /* shadow-stack access */
};

struct pins_resp {
    uint64_t addr; /* KIND_OK: physical address; KIND_PF: linear address for CR2; else 0 */
    uint16_t err;  /* page-fault error code, 0 unless KIND_PF */
    uint8_t id;
    uint8_t kind; /* enum pins_kind */
    uint8_t size; /* enum pins_page_size, 0 unless KIND_OK */
    uint8_t pat;  /* PAT index, 0 unless KIND_OK */
    uint8_t mt;   /* enum pins_memory_type, 0 unless KIND_OK */
    uint8_t src;  /* enum pins_source */
};

struct pins_in {
    struct pins_req req[PINS_MAX_PORTS]; /* req[p] counts only if bit p of req_valid is set */
    uint8_t req_valid;                   /* bit p: port p offers req[p] */
    bool ctl_valid;
    uint8_t ctl_op;    /* enum pins_ctl_op */
    uint64_t ctl_data; /* source operand; linear address of INVLPG and INVPCID */
    uint64_t ctl_desc; /* INVPCID only: first quadword of the descriptor */
    bool mem_req_ready;
    bool mem_rsp_valid;
    uint8_t mem_rsp_tag;
    bool mem_rsp_err;
    /* The line that was read, 8 words; with walkers.reply_bytes = 8 the 8 bytes asked for, in each of them. Needed only
     * while mem_rsp_valid and no error; valid during the step. */
    const uint64_t *mem_rsp_line;
    uint8_t squash_valid; /* bit p: the request squash_id[p] of port p is dropped, if it is in flight */
    uint8_t squash_id[PINS_MAX_PORTS];
};

struct pins_out {
    uint8_t req_ready;                     /* bit p */
    uint8_t resp_valid;                    /* bit p */
    struct pins_resp resp[PINS_MAX_PORTS]; /* resp[p] is undefined unless bit p of resp_valid is set */
    bool ctl_ready;
    bool ctl_done;
    bool ctl_gp; /* undefined unless ctl_done: the operation raised #GP(0) and did nothing */
    bool waiting;
    bool mem_req_valid;
    uint8_t mem_req_tag; /* the mem_req_* fields are undefined unless mem_req_valid */
    bool mem_req_cas;
    uint8_t mem_req_mt; /* enum pins_memory_type of the table */
    uint64_t mem_req_addr;
    uint64_t mem_req_expected; /* CAS only */
    uint64_t mem_req_desired;  /* CAS only */
};

#endif
