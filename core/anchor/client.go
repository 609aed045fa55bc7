package anchor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
)

// Sentinels of what a service said.
var (
	// ErrUnreachable: there was no answer. The request is kept.
	ErrUnreachable = errors.New("no answer")
	// ErrRefused: the service answered, and refused.
	ErrRefused = errors.New("refused")
	// ErrForked: a witness knows another history of the log.
	ErrForked = errors.New("the witness knows another history of this log")
	// ErrAhead: a witness knows more entries of the log than there are.
	ErrAhead = errors.New("the witness knows more entries of this log than there are")
)

// Client asks services.
type Client struct {
	// Timeout bounds one request.
	Timeout time.Duration
}

// httpClient follows no redirection, which would turn a request into another one. A proxy
// is used where the environment names one.
func (c Client) httpClient() *http.Client {
	return &http.Client{
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CheckURL reports whether s can be asked: http or https, with a host and without a name
// and password, which the log would keep. It fails with evidence.ErrFormat.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%w: not an address such as https://tsa.example.org/ (without user and password): %q", evidence.ErrFormat, s)
	}
	return nil
}

// post sends a body and returns the answer, of at most most bytes.
func (c Client) post(ctx context.Context, address, sort string, body []byte, most int64) (status int, kind string, answer []byte, err error) {
	if err := CheckURL(address); err != nil {
		return 0, "", nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, fmt.Errorf("%s: %w: %w", address, evidence.ErrFormat, err)
	}
	req.Header.Set("Content-Type", sort)
	client := c.httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err == nil {
		answer, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
		err = errors.Join(err, resp.Body.Close())
	}
	switch {
	case ctx.Err() != nil:
		return 0, "", nil, ctx.Err()
	case err != nil:
		return 0, "", nil, fmt.Errorf("%s: %w: %w", address, ErrUnreachable, err)
	case int64(len(answer)) > most:
		return 0, "", nil, fmt.Errorf("%s: %w: an answer of more than %d bytes", address, evidence.ErrFormat, most)
	}
	return resp.StatusCode, strings.TrimSpace(strings.Split(resp.Header.Get("Content-Type"), ";")[0]), answer, nil
}

// Stamp sends a TimeStampReq (RFC 3161 §3.4) and returns the response, unjudged.
func (c Client) Stamp(ctx context.Context, address string, request []byte) ([]byte, error) {
	status, kind, answer, err := c.post(ctx, address, "application/timestamp-query", request, anchor.MaxResponse)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: %w: %d %s", address, ErrRefused, status, http.StatusText(status))
	}
	if kind != "application/timestamp-reply" && kind != "application/timestamp-response" {
		return nil, fmt.Errorf("%s: %w: it answered %q, which is no time stamp: is it a time-stamping authority?", address, ErrRefused, kind)
	}
	return answer, nil
}

// errStale: the witness knows another size than the request was for.
type errStale struct{ size int64 }

func (e *errStale) Error() string { return fmt.Sprintf("the witness knows %d entries", e.size) }

// Cosign sends a checkpoint to a witness (C2SP tlog-witness, add-checkpoint) and returns its
// signature lines, unjudged. It fails with *errStale where the witness knows another size,
// with ErrForked where it sees two histories.
func (c Client) Cosign(ctx context.Context, prefix string, r anchor.AddCheckpoint) ([]byte, error) {
	address := strings.TrimSuffix(prefix, "/") + "/add-checkpoint"
	status, kind, answer, err := c.post(ctx, address, "text/plain; charset=utf-8", r.Marshal(), 64<<10)
	if err != nil {
		return nil, err
	}
	switch status {
	case http.StatusOK:
		return answer, nil
	case http.StatusConflict:
		digits, ended := strings.CutSuffix(string(answer), "\n")
		size, err := strconv.ParseInt(digits, 10, 64)
		if kind == "text/x.tlog.size" && ended && err == nil && size >= 0 && size != r.Old {
			return nil, &errStale{size}
		}
		return nil, fmt.Errorf("%s: %w", address, ErrForked)
	case http.StatusUnprocessableEntity:
		return nil, fmt.Errorf("%s: %w: it does not accept that the log continues what it cosigned", address, ErrForked)
	case http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w: the witness does not know this log: its operator must admit the log's key", address, ErrRefused)
	case http.StatusForbidden:
		return nil, fmt.Errorf("%s: %w: the witness admits this log, and not the key that signed it", address, ErrRefused)
	}
	return nil, fmt.Errorf("%s: %w: %d %s", address, ErrRefused, status, http.StatusText(status))
}
