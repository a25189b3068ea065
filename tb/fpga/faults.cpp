/* Faults: see faults.h. */
#include "faults.h"

#include <algorithm>
#include <cstdlib>

bool fault_rates::parse(const std::string &text, std::string &error)
{
    const struct {
        const char *name;
        double *rate;
    } known[] = {{"flips", &flips},   {"drops", &drops}, {"twice", &twice},
                 {"stalls", &stalls}, {"cuts", &cuts},   {"power", &power}};
    for (size_t from = 0; from < text.size();) {
        const size_t end = std::min(text.find(',', from), text.size()), equals = text.find('=', from);
        const std::string item = text.substr(from, end - from);
        double *rate = nullptr;
        for (const auto &k : known)
            if (equals < end && text.compare(from, equals - from, k.name) == 0)
                rate = k.rate;
        char *rest = nullptr;
        const double value = rate ? std::strtod(text.c_str() + equals + 1, &rest) : 0;
        if (!rate || rest != text.c_str() + end || value < 0 || value > 0.1) {
            error = item +
                    ": must be flips=, drops=, twice=, stalls=, cuts= or power=, with a rate per byte from 0 to 0.1";
            return false;
        }
        *rate = value;
        from = end + 1;
    }
    return true;
}

bool faulty_line::happens(double rate)
{
    return rate > 0 && std::uniform_real_distribution<double>()(random_) < rate;
}

unsigned faulty_line::up_to(unsigned most)
{
    return std::uniform_int_distribution<unsigned>(1, most)(random_);
}

void faulty_line::pass(uint8_t byte, std::vector<uint8_t> &to)
{
    enum { KEPT = 64, STALL_MS = 20, CUT_MS = 200 };
    counts.bytes++;
    if (happens(rates_.drops)) {
        counts.drops++;
        dropping_ = up_to(KEPT);
    }
    if (dropping_) {
        dropping_--;
        return;
    }
    if (happens(rates_.flips)) {
        counts.flips++;
        byte ^= uint8_t(1u << (up_to(8) - 1));
    }
    to.push_back(byte);
    last_.push_back(byte);
    if (last_.size() > 2 * KEPT)
        last_.erase(last_.begin(), last_.end() - KEPT);
    if (happens(rates_.twice)) {
        counts.twice++;
        to.insert(to.end(), last_.end() - std::min<size_t>(up_to(KEPT), last_.size()), last_.end());
    }
    if (happens(rates_.stalls)) {
        counts.stalls++;
        trouble_.ms = up_to(STALL_MS);
    }
    const bool off = happens(rates_.power);
    if (off || happens(rates_.cuts)) {
        (off ? counts.power : counts.cuts)++;
        trouble_.cut = true;
        trouble_.off |= off;
        trouble_.ms = up_to(CUT_MS);
    }
}

faulty_line::trouble faulty_line::take_trouble()
{
    const trouble now = trouble_;
    trouble_ = {};
    return now;
}
