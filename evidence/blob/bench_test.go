package blob_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

const benchSize = 64 << 20

var hashSets = [][]string{{"sha256"}, {"md5"}, {"sha1", "md5"}, {"sha1", "md5", "sha512"}}

// cpu reports processor time per unit of work, which a loaded machine leaves
// alone where it stretches the wall clock.
func cpu(b *testing.B, unit string) (done func(work int64)) {
	used := func() int64 {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return r.Utime.Nano() + r.Stime.Nano()
	}
	before := used()
	return func(work int64) { b.ReportMetric(float64(used()-before)/float64(work), "cpu-ns/"+unit) }
}

// One pass over a cached file. Compare with BenchmarkOneHash: MD5 alone is a
// chain of dependent steps that no second core can shorten.
func BenchmarkHashFile(b *testing.B) {
	f := openFile(b, writeFile(b, filepath.Join(b.TempDir(), "src"), noise(1, benchSize)))
	for _, hashes := range hashSets {
		b.Run(strings.Join(hashes, "+"), func(b *testing.B) {
			b.SetBytes(benchSize)
			done := cpu(b, "B")
			for b.Loop() {
				if _, _, _, err := blob.HashFile(b.Context(), f, hashes, nil); err != nil {
					b.Fatal(err)
				}
			}
			done(int64(b.N) * benchSize)
		})
	}
}

// Intake of one large cached file, durable.
func BenchmarkCopyFile(b *testing.B) {
	src := openFile(b, writeFile(b, filepath.Join(b.TempDir(), "src"), noise(1, benchSize)))
	for _, hashes := range [][]string{nil, {"sha1", "md5"}} {
		b.Run("sha256+"+strings.Join(hashes, "+"), func(b *testing.B) {
			s, dir := openStore(b)
			b.SetBytes(benchSize)
			done := cpu(b, "B")
			for b.Loop() {
				st, _, err := s.CopyFile(b.Context(), src, blob.WriterOptions{Hashes: hashes}, nil)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Commit(b.Context(), st); err != nil {
					b.Fatal(err)
				}
				os.Remove(objectPath(dir, st.Digest))
			}
			done(int64(b.N) * benchSize)
		})
	}
}

// Intake of many small files, durable after each batch.
func BenchmarkSmallFiles(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s, _ := openStore(b)
			dir := b.TempDir()
			files := make([]*os.File, batch)
			for i := range files {
				files[i] = openFile(b, writeFile(b, filepath.Join(dir, fmt.Sprint(i)), nil))
				os.Chmod(files[i].Name(), 0o600)
			}
			var n uint64
			done := cpu(b, "file") // making the sources included
			for b.Loop() {
				b.StopTimer()
				for _, f := range files {
					n++
					writeFile(b, f.Name(), noise(n, 4000+int(n%200)))
				}
				b.StartTimer()
				staged := make([]*blob.Staged, batch)
				for i, f := range files {
					var err error
					if staged[i], _, err = s.CopyFile(b.Context(), f, blob.WriterOptions{Hashes: []string{"md5", "sha1"}}, nil); err != nil {
						b.Fatal(err)
					}
				}
				if err := s.Commit(b.Context(), staged...); err != nil {
					b.Fatal(err)
				}
			}
			done(int64(n))
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

// A record set of 200,000 lines in pieces as they come from a pipe.
func BenchmarkZstdWriter(b *testing.B) {
	content := lines(1, benchSize)
	records := bytes.Count(content, []byte("\n"))
	s, _ := openStore(b)
	b.SetBytes(benchSize)
	var stored int64
	done := cpu(b, "record")
	for b.Loop() {
		w, err := s.NewWriter(blob.WriterOptions{Encoding: evidence.StoredZstd})
		if err != nil {
			b.Fatal(err)
		}
		for p := content; len(p) > 0; p = p[min(len(p), 64<<10):] {
			if _, err := w.Write(p[:min(len(p), 64<<10)]); err != nil {
				b.Fatal(err)
			}
		}
		st, err := w.Finish()
		if err != nil {
			b.Fatal(err)
		}
		stored = st.Stored.Size
		st.Discard()
	}
	done(int64(b.N * records))
	b.ReportMetric(float64(stored)/benchSize, "ratio")
}

func BenchmarkReadZstd(b *testing.B) {
	s, _ := openStore(b)
	a := put(b, s, lines(1, benchSize), evidence.StoredZstd)
	b.Run("Reader", func(b *testing.B) {
		b.SetBytes(benchSize)
		for b.Loop() {
			o, err := s.Reader(b.Context(), a)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, io.NewSectionReader(o, 0, o.Size())); err != nil {
				b.Fatal(err)
			}
			o.Close()
		}
	})
	b.Run("Descriptor", func(b *testing.B) {
		b.SetBytes(benchSize)
		for b.Loop() {
			f, err := s.Descriptor(b.Context(), a)
			if err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
