//go:build !race

package verify_test

// stride is which part of all changes is made: all.
const stride = 1
