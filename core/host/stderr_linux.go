package host

import "golang.org/x/sys/unix"

const fionread = unix.TIOCINQ // the same number: asm-generic/ioctls.h
