package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/anchor"
)

const (
	// requestTime bounds reading a request and writing its answer.
	requestTime = 30 * time.Second
	stopTime    = 5 * time.Second
)

// Serve answers requests on l until ctx ends. Each is told to tell, unless that is nil: from whom,
// and what it came to.
func (w *Witness) Serve(ctx context.Context, l net.Listener, now func() time.Time, tell func(from string, status int, err error)) error {
	server := &http.Server{
		Handler: w.Handler(now, tell), ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: 4 * requestTime, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("witness: serve: %w", err)
	case <-ctx.Done():
	}
	// What is being answered is finished.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(stopping)
	if serr := <-ended; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	if err != nil {
		return fmt.Errorf("witness: stop: %w", err)
	}
	return nil
}

// Handler answers POST /add-checkpoint.
func (w *Witness) Handler(now func() time.Time, tell func(from string, status int, err error)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(rw http.ResponseWriter, req *http.Request) {
		status, kind, body, err := w.answer(req.Body, now)
		if tell != nil {
			tell(req.RemoteAddr, status, err)
		}
		rw.Header().Set("Content-Type", kind)
		rw.WriteHeader(status)
		_, _ = rw.Write(body) // whoever asked is gone; asking again gives the same
	})
	return mux
}

// answer is what a request comes to. What is said of an error is nothing of ours.
func (w *Witness) answer(r io.Reader, now func() time.Time) (status int, kind string, body []byte, err error) {
	text := func(status int, s string, err error) (int, string, []byte, error) {
		return status, "text/plain; charset=utf-8", []byte(s + "\n"), err
	}
	request, err := io.ReadAll(io.LimitReader(r, anchor.MaxRequest+1))
	if err != nil {
		return text(http.StatusBadRequest, "the request could not be read", err)
	}
	line, err := w.cosign(request, now)
	var stale *staleError
	switch {
	case err == nil:
		return http.StatusOK, "text/plain; charset=utf-8", line, nil
	case errors.As(err, &stale):
		return http.StatusConflict, "text/x.tlog.size", fmt.Appendf(nil, "%d\n", stale.size), err
	case errors.Is(err, errFork):
		return text(http.StatusConflict, errFork.Error(), err)
	case errors.Is(err, errProof):
		return text(http.StatusUnprocessableEntity, errProof.Error(), err)
	case errors.Is(err, errUnknown):
		return text(http.StatusNotFound, errUnknown.Error(), err)
	case errors.Is(err, errKey):
		return text(http.StatusForbidden, errKey.Error(), err)
	case errors.Is(err, errOldSize):
		return text(http.StatusBadRequest, errOldSize.Error(), err)
	case errors.Is(err, errRequest):
		return text(http.StatusBadRequest, errRequest.Error(), err)
	}
	return text(http.StatusInternalServerError, "the witness could not keep the checkpoint", err)
}
