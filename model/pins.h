/* The MMU's ports as C sees them: one struct for the inputs of a clock cycle, one for its outputs.
 *
 * This is the C image of docs/microarchitecture.md section 2, shared by the cycle model, the bench and every DUT behind
 * the bench's ABI. Every output is a function of the state alone, so a cycle is: read the outputs, choose the inputs, step. */
#ifndef TWINWALK_PINS_H
#define TWINWALK_PINS_H

#include <stdbool.h>
#include <stdint.h>

enum { PINS_MAX_PORTS = 8 };

enum pins_access { ACC_READ = 0, ACC_WRITE = 1, ACC_EXECUTE = 2 };
enum pins_kind { KIND_OK = 0, KIND_GP = 1, KIND_PF = 2, KIND_MEMERR = 3 };
enum pins_source { SRC_L1 = 0, SRC_STLB = 1, SRC_WALK = 2, SRC_MERGED = 3 };
enum pins_page_size { SIZE_4K = 0, SIZE_2M = 1, SIZE_1G = 2 };
enum pins_ctl_op { CTL_MOV_CR0 = 0, CTL_MOV_CR3 = 1, CTL_MOV_CR4 = 2, CTL_WRMSR_EFER = 3, CTL_INVLPG = 4 };

/* Bits of the #PF error code (SDM 3A 5.7). */
enum pins_error_code { PF_P = 1u << 0, PF_W = 1u << 1, PF_U = 1u << 2, PF_RSVD = 1u << 3, PF_I = 1u << 4 };

struct pins_req {
    uint64_t va;
    uint8_t id;
    uint8_t acc;  /* enum pins_access */
    bool user;    /* CPL = 3 */
    bool imp;     /* implicit supervisor access */
    bool ac;      /* EFLAGS.AC */
    bool ss;      /* shadow-stack access */
};

struct pins_resp {
    uint64_t pa;    /* 0 unless KIND_OK */
    uint16_t err;   /* page-fault error code, 0 unless KIND_PF */
    uint8_t id;
    uint8_t kind;   /* enum pins_kind */
    uint8_t size;   /* enum pins_page_size, 0 unless KIND_OK */
    uint8_t pat;    /* PAT index, 0 unless KIND_OK */
    uint8_t src;    /* enum pins_source */
};

struct pins_in {
    struct pins_req req[PINS_MAX_PORTS]; /* req[p] counts only if bit p of req_valid is set */
    uint8_t req_valid;                   /* bit p: port p offers req[p] */
    bool ctl_valid;
    uint8_t ctl_op;                      /* enum pins_ctl_op */
    uint64_t ctl_data;
    bool mem_req_ready;
    bool mem_rsp_valid;
    uint8_t mem_rsp_tag;
    bool mem_rsp_err;
    const uint64_t *mem_rsp_line;        /* 8 words, needed only while mem_rsp_valid and no error; valid during the step */
};

struct pins_out {
    uint8_t req_ready;                      /* bit p */
    uint8_t resp_valid;                     /* bit p */
    struct pins_resp resp[PINS_MAX_PORTS];  /* resp[p] is undefined unless bit p of resp_valid is set */
    bool ctl_ready;
    bool ctl_done;
    bool waiting;
    bool mem_req_valid;
    uint8_t mem_req_tag;                    /* the mem_req_* fields are undefined unless mem_req_valid */
    bool mem_req_cas;
    uint64_t mem_req_addr;
    uint64_t mem_req_expected;              /* CAS only */
    uint64_t mem_req_desired;               /* CAS only */
};

#endif
