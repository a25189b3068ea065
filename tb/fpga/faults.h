/* What can happen to bytes on their way, by chance and by a seed: for `fpga-sim --faults=`. */
#ifndef TWINWALK_FAULTS_H
#define TWINWALK_FAULTS_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

/* Each is a probability per byte. */
struct fault_rates {
    double flips = 0;  /* one bit is wrong */
    double drops = 0;  /* up to 64 bytes get lost, beginning with this one */
    double twice = 0;  /* the last up to 64 bytes come once more */
    double stalls = 0; /* nothing goes for a while: up to 20 ms */
    double cuts = 0;   /* the cable is pulled, and plugged in again up to 200 ms later */
    double power = 0;  /* likewise, and the board loses its state */

    /* NAME=RATE,… False with what is wrong in `error`. */
    bool parse(const std::string &text, std::string &error);
};

struct fault_counts {
    uint64_t bytes, flips, drops, twice, stalls, cuts, power;
};

/* One direction of the link. */
class faulty_line
{
public:
    faulty_line(const fault_rates &rates, uint64_t seed) : rates_(rates), random_(seed) {}

    /* Lets a byte pass; what arrives of it is appended to `to`. */
    void pass(uint8_t byte, std::vector<uint8_t> &to);

    /* What became of the line since it was asked last: milliseconds for which nothing may go, and whether the cable is
     * pulled meanwhile, and whether the board is off. */
    struct trouble {
        unsigned ms = 0;
        bool cut = false, off = false;
    };
    trouble take_trouble();

    fault_counts counts = {};

private:
    bool happens(double rate);
    unsigned up_to(unsigned most);

    fault_rates rates_;
    std::mt19937_64 random_;
    std::vector<uint8_t> last_;
    unsigned dropping_ = 0;
    trouble trouble_;
};

#endif
