package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// image is what execveat is given: argv and the environment, in memory of its own
// at an address drawn at random. A filter can then tell the launcher's execveat from
// any later one, whose caller does not know the address: execveat replaces the
// memory, and nothing tells the program what was where.
type image struct{ argv, envp uintptr }

// pageBytes is the largest page of a system that we build for.
const pageBytes = 64 << 10

// newImage lays out argv and env.
func newImage(argv, env []string) (image, error) {
	size := 8 * (len(argv) + len(env) + 2)
	for _, s := range append(append([]string{}, argv...), env...) {
		size += len(s) + 1
	}
	// Somewhere in the page as well: bits that are not to be guessed.
	var random [2]byte
	if _, err := unix.Getrandom(random[:], 0); err != nil {
		return image{}, fmt.Errorf("random address: %w", err)
	}
	skip := int(binary.LittleEndian.Uint16(random[:])) % (pageBytes / 8) * 8
	mem, err := mapAtRandom(skip + size)
	if err != nil {
		return image{}, fmt.Errorf("random address: %w", err)
	}
	base := uintptr(unsafe.Pointer(&mem[0]))
	pointer, text := skip, skip+8*(len(argv)+len(env)+2)
	put := func(list []string) uintptr {
		at := base + uintptr(pointer)
		for _, s := range list {
			binary.LittleEndian.PutUint64(mem[pointer:], uint64(base)+uint64(text))
			pointer += 8
			text += copy(mem[text:], s) + 1
		}
		pointer += 8 // null
		return at
	}
	return image{argv: put(argv), envp: put(env)}, nil
}

// mapAtRandom maps size bytes. How many bits an address has depends on the
// processor and the kernel's configuration; the most that work are taken.
func mapAtRandom(size int) ([]byte, error) {
	size = (size + pageBytes - 1) &^ (pageBytes - 1)
	err := errors.New("no address")
	for _, bits := range []int{46, 46, 46, 38, 38, 38} {
		var random [8]byte
		if _, err := unix.Getrandom(random[:], 0); err != nil {
			return nil, err
		}
		address := uintptr(binary.LittleEndian.Uint64(random[:])&(1<<bits-1)&^(pageBytes-1) | 1<<32)
		p, mapErr := unix.MmapPtr(-1, 0, unsafe.Add(nil, address), uintptr(size), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE)
		if mapErr == nil {
			return unsafe.Slice((*byte)(p), size), nil
		}
		err = mapErr
	}
	return nil, err
}

// executeOnce allows execveat with img's addresses and no others.
func executeOnce(img image) []bpf.Instruction {
	var body []bpf.Instruction
	for _, a := range []struct {
		n     int
		value uint64
	}{{2, uint64(img.argv)}, {3, uint64(img.envp)}} {
		for half, value := range []uint32{uint32(a.value), uint32(a.value >> 32)} {
			body = append(body, bpf.LoadAbsolute{Off: uint32(offArgs + 8*a.n + 4*half), Size: 4},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: 1}, fail(unix.EPERM))
		}
	}
	return rule(unix.SYS_EXECVEAT, append(body, allowCall)...)
}
