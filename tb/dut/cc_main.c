/* The bench without SystemC: plain main. */

int twinwalk_main(int argc, char **argv); /* tb/cli/main.c */

int main(int argc, char **argv)
{
    return twinwalk_main(argc, argv);
}
