package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// Probe does what the sample's first word says.
func (s *server) Probe(_ context.Context, r *wire.ProbeRequest) (*wire.ProbeResponse, error) {
	word, _, _ := bytes.Cut(r.GetHead(), []byte(" "))
	switch string(word) {
	case "yes":
		return &wire.ProbeResponse{Confidence: 80, Reason: "it says\x1b[2J yes"}, nil
	case "no":
		return &wire.ProbeResponse{Reason: strings.Repeat("no", 4096)}, nil
	case "named":
		if r.GetName() != "" || r.GetSize() != 1<<40 {
			return &wire.ProbeResponse{Confidence: 100}, nil
		}
		return &wire.ProbeResponse{Confidence: 1}, nil
	case "surer":
		return &wire.ProbeResponse{Confidence: 101}, nil
	case "huge":
		return &wire.ProbeResponse{Confidence: 100, Reason: strings.Repeat("x", 16<<20)}, nil
	case "hang":
		time.Sleep(time.Hour)
	case "crash":
		os.Exit(7)
	case "error":
		return nil, status.Error(codes.InvalidArgument, "why not\x1b[2J")
	}
	return nil, status.Error(codes.Unimplemented, "")
}
