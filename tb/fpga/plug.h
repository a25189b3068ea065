/* Where the host's end of the cable is plugged in: a pty, or a TCP socket. One host at a time. */
#ifndef TWINWALK_PLUG_H
#define TWINWALK_PLUG_H

#include <cstddef>
#include <cstdint>
#include <string>

class plug
{
public:
    /* A pty; `link`, unless it is empty, is a name for it that stays when the pty is another one. */
    bool open_pty(const std::string &link);

    /* A socket of this machine; port 0: any. */
    bool open_tcp(unsigned port);

    /* How the host calls it: /dev/pts/3, or tcp:127.0.0.1:4000. */
    std::string name() const;

    /* At most so many bytes, at once; 0: none, or no host. */
    size_t read(uint8_t *byte, size_t most);

    /* Those that go at once. Without a host all of them go, nowhere. */
    size_t write(const uint8_t *byte, size_t bytes);

    /* Until a host or its bytes come, at most so many milliseconds. */
    void wait(int ms);

    /* The cable is pulled; and plugged in again. */
    void pull();
    void put_in();

    ~plug();

private:
    void gone();

    bool pty_ = false;
    std::string link_, name_;
    int listening_ = -1, host_ = -1, other_ = -1; /* other_: the pty's other end, so that it outlasts hosts */
    unsigned port_ = 0;
};

#endif
