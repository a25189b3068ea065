/* A program of the trace command alone, for building and testing traces/ without the rest. */
#include "command.h"

int main(int argc, char **argv)
{
    return trace_command(argc, argv);
}
