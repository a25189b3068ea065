/* Which register the writer of state leaves out: that which the environment variable LEFT_OUT names. */
#ifndef TWINWALK_LEFTOUT_H
#define TWINWALK_LEFTOUT_H

#include <cstdlib>
#include <cstring>

inline bool left_out(const char *name)
{
    const char *out = std::getenv("LEFT_OUT");
    return out && !std::strcmp(out, name);
}

#endif
