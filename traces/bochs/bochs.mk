# How libinstrument.a is made: the instrumentation (C++), the recorder and the trace library (C). Included by the
# Makefile that Bochs' configure makes of Makefile.in; TWINWALK, the root of Twinwalk's tree, comes from the
# environment.
HERE = $(TWINWALK)/traces/bochs
TRACE = $(filter-out %/check.c %/mappings.c %/tasks.c,$(wildcard $(TWINWALK)/traces/format/*.c))
SYSTEM = $(TWINWALK)/traces/system/tables.c $(TWINWALK)/traces/system/walk.c
C = $(wildcard $(HERE)/*.c) $(SYSTEM) $(TRACE)
OBJS = instrument.o session.o $(notdir $(C:.c=.o))

libinstrument.a: $(OBJS)
	rm -f $@
	ar rcs $@ $(OBJS)

%.o: $(HERE)/%.cc $(HERE)/instrument.h $(HERE)/recorder.h $(HERE)/session.h
	$(CXX) -c -I../.. -I$(srcdir)/../.. -I$(HERE) -I$(TWINWALK)/traces -I$(TWINWALK)/model $(CPPFLAGS) $(CXXFLAGS) -Wall -Wextra -Wno-unused-parameter $< -o $@

vpath %.c $(HERE) $(TWINWALK)/traces/format $(TWINWALK)/traces/system
%.o: %.c $(wildcard $(HERE)/*.h $(TWINWALK)/traces/format/*.h $(TWINWALK)/traces/system/*.h) $(TWINWALK)/model/pins.h
	$(CC) -c -std=gnu11 -O2 -Wall -Wextra -Werror -I$(TWINWALK)/traces -I$(TWINWALK)/model $< -o $@

clean:
	rm -f *.o libinstrument.a
dist-clean: clean
	rm -f Makefile
