package intake

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// observe adds what can be seen of the filesystem the item lies on: what sort
// it is, how it is mounted, and whether it refuses writing. What cannot be seen
// is left out.
func (s source) observe(fields map[string]any) {
	var vfs unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Statfs(s.abs, &vfs) }); err == nil {
		fields["observed.write_protected"] = vfs.Flags&unix.ST_RDONLY != 0
	}
	var st unix.Statx_t
	err := ignoringEINTR(func() error {
		return unix.Statx(unix.AT_FDCWD, s.abs, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MNT_ID, &st)
	})
	if err != nil || st.Mask&unix.STATX_MNT_ID == 0 {
		return
	}
	if m := mountOf(st.Mnt_id); m != nil {
		fields["observed.source.filesystem"] = m
	}
}

// mountOf describes the mount of that number (proc(5), mountinfo): its
// filesystem's type, device and options, and where it is mounted.
func mountOf(id uint64) map[string]any {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer f.Close() // only read from
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		mount, fs, ok := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(mount), strings.Fields(fs)
		if !ok || len(left) < 6 || len(right) < 3 || left[0] != strconv.FormatUint(id, 10) {
			continue
		}
		out := map[string]any{"number": left[2], "mounted_at": unescapeMount(left[4]), "options": left[5], "type": right[0], "device": unescapeMount(right[1])}
		for name, v := range out {
			out[name] = strings.ToValidUTF8(v.(string), "\uFFFD")
		}
		return out
	}
	return nil
}

// unescapeMount undoes the octal escapes of mountinfo.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
