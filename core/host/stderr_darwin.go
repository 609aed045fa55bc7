package host

// fionread: sys/filio.h; x/sys/unix has no name for it here.
const fionread = 0x4004667f
