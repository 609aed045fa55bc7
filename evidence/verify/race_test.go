//go:build race

package verify_test

// stride: the race detector wants every path, not every byte.
const stride = 13
