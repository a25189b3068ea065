/* Plugs: see plug.h. */
#include "plug.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

bool plug::open_pty(const std::string &link)
{
    pty_ = true;
    link_ = link;
    host_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    char name[128];
    if (host_ < 0 || grantpt(host_) != 0 || unlockpt(host_) != 0 || ptsname_r(host_, name, sizeof name) != 0)
        return false;
    other_ = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;
    if (other_ < 0 || tcgetattr(other_, &t) != 0)
        return false;
    cfmakeraw(&t);
    tcsetattr(other_, TCSANOW, &t);
    name_ = link_.empty() ? name : link_;
    if (link_.empty())
        return true;
    unlink(link_.c_str());
    return symlink(name, link_.c_str()) == 0;
}

bool plug::open_tcp(unsigned port)
{
    struct sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(uint16_t(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    const int one = 1;
    listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (listening_ < 0 || bind(listening_, reinterpret_cast<sockaddr *>(&at), sizeof at) != 0 ||
        listen(listening_, 1) != 0 || getsockname(listening_, reinterpret_cast<sockaddr *>(&at), &size) != 0)
        return false;
    port_ = ntohs(at.sin_port);
    name_ = "tcp:127.0.0.1:" + std::to_string(port_);
    return true;
}

std::string plug::name() const
{
    return name_;
}

/* The host has let go of a socket; of a pty nobody notices. */
void plug::gone()
{
    if (!pty_ && host_ >= 0) {
        close(host_);
        host_ = -1;
    }
}

size_t plug::read(uint8_t *byte, size_t most)
{
    if (host_ < 0 && listening_ >= 0) {
        host_ = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        const int one = 1;
        if (host_ >= 0)
            setsockopt(host_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (host_ < 0)
        return 0;
    const ssize_t n = ::read(host_, byte, most);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        gone();
    return n > 0 ? size_t(n) : 0;
}

size_t plug::write(const uint8_t *byte, size_t bytes)
{
    if (host_ < 0)
        return bytes;
    const ssize_t n = pty_ ? ::write(host_, byte, bytes) : send(host_, byte, bytes, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        gone();
        return bytes;
    }
    return n > 0 ? size_t(n) : 0;
}

void plug::wait(int ms)
{
    struct pollfd p = {host_ >= 0 ? host_ : listening_, POLLIN, 0};
    poll(&p, 1, ms);
}

void plug::pull()
{
    if (pty_) {
        if (!link_.empty())
            unlink(link_.c_str());
        close(other_);
        close(host_);
        host_ = other_ = -1;
        return;
    }
    gone();
    close(listening_);
    listening_ = -1;
}

void plug::put_in()
{
    if (pty_)
        open_pty(link_);
    else
        open_tcp(port_);
}

plug::~plug()
{
    if (pty_ && !link_.empty())
        unlink(link_.c_str());
}
