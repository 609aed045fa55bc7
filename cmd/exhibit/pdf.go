package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// printTime bounds printing; a report is bounded too.
const printTime = 3 * time.Minute

// chromium finds the browser that prints: $EXHIBIT_CHROMIUM, else a usual name.
func (p *program) chromium() (string, error) {
	if name := p.env("EXHIBIT_CHROMIUM"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", &problem{what: "$EXHIBIT_CHROMIUM is no program: " + visible(name), cause: evidence.ErrNotFound}
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

// printPDF prints an HTML file to a new file, with a profile of its own that is
// thrown away and without network.
func printPDF(ctx context.Context, browser, page, out string) (err error) {
	dir, err := os.MkdirTemp("", "exhibit-print-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	abs, err := filepath.Abs(page)
	if err != nil {
		return err
	}
	pdf := filepath.Join(dir, "out.pdf")
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
		"--proxy-server=127.0.0.1:9", "--no-pdf-header-footer", "--print-to-pdf=" + pdf, fileURL(abs),
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // Chromium refuses root otherwise
	}
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stderr = &limitedBuffer{b: &said, left: 16 << 10}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("chromium: %w: %s", err, visible(short(lastLine(said.String()), 300)))
	}
	b, err := os.ReadFile(pdf)
	if err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) {
		return errors.Join(fmt.Errorf("chromium printed nothing: %s", visible(short(lastLine(said.String()), 300))), err)
	}
	return writeNewBytes(out, b)
}
