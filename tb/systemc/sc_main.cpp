/* The bench under SystemC: the same main, called where SystemC wants it, without its banner. */
#include <cstdlib>
#include <systemc>

extern "C" int twinwalk_main(int argc, char **argv); /* tb/cli/main.c */

int sc_main(int argc, char **argv)
{
    return twinwalk_main(argc, argv);
}

int main(int argc, char **argv)
{
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    return sc_core::sc_elab_and_sim(argc, argv);
}
