/* In the place of GTKWave's fstapi in Verilator's code that writes FST (scripts/verilate.py, writer): its calls are
 * those of tb/dut/fst_writer.h here. One that is not among them does not link. */
#ifndef TWINWALK_FST_VERILATOR_H
#define TWINWALK_FST_VERILATOR_H

#include "fst_writer.h"

static inline struct fst_writer *fst_writer_of(void *context)
{
    return (struct fst_writer *)context;
}

#define fstWriterCreate(path, compressed) static_cast<void *>(fst_writer_open(path))
#define fstWriterClose(context) fst_writer_close(fst_writer_of(context))
#define fstWriterSetTimescaleFromString(context, text) fst_writer_unit(fst_writer_of(context), text)
#define fstWriterSetPackType(context, type) ((void)(context))       /* one is as good as the other */
#define fstWriterSetParallelMode(context, enable) ((void)(context)) /* there is no thread */
#define fstWriterSetScope(context, kind, name, component) fst_writer_scope(fst_writer_of(context), kind, name)
#define fstWriterSetUpscope(context) fst_writer_upscope(fst_writer_of(context))
#define fstWriterCreateVar(context, kind, direction, bits, name, alias) \
    fst_writer_signal(fst_writer_of(context), kind, direction, uint32_t(bits), name, alias)
#define fstWriterCreateEnumTable(context, name, count, bits, names, values) \
    fst_writer_table(fst_writer_of(context), name, count, bits, names, values)
#define fstWriterEmitEnumTableRef(context, table) fst_writer_has_table(fst_writer_of(context), table)
#define fstWriterEmitTimeChange(context, time) fst_writer_time(fst_writer_of(context), time)
#define fstWriterEmitValueChange(context, signal, value) \
    changes_text(&fst_writer_of(context)->changes, signal, reinterpret_cast<const char *>(value))
/* In the place of a call with the characters of a number. */
#define fstWriterEmitNumber(context, signal, value, bits) \
    changes_number(&fst_writer_of(context)->changes, signal, value, unsigned(bits))
#define fstWriterFlushContext(context) fst_writer_flush(fst_writer_of(context))

#endif
