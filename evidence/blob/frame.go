package blob

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// frameSize is how much content a zstd frame holds; only the last holds less.
	frameSize = 256 << 10
	// maxStoredFrame bounds a frame as stored: incompressible content in blocks
	// of 128 KiB with three bytes each, header and checksum.
	maxStoredFrame = frameSize + 64
)

// frameEncoder makes independent frames (RFC 8878), each with its content size
// and checksum. What it makes depends on the frame's content alone, so that
// equal artifacts are equal objects, for one version of the library.
type frameEncoder struct {
	enc *zstd.Encoder
	out []byte
}

func newFrameEncoder() *frameEncoder {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(true),
		zstd.WithWindowSize(frameSize),
		zstd.WithSingleSegment(true))
	if err != nil {
		panic("blob: zstd refuses constant options: " + err.Error())
	}
	return &frameEncoder{enc: enc, out: make([]byte, 0, maxStoredFrame)}
}

// encode returns the frame of p; it is valid until the next call.
func (e *frameEncoder) encode(p []byte) []byte {
	e.out = e.enc.EncodeAll(p, e.out[:0])
	return e.out
}

// newDecoder returns a decoder whose DecodeAll several goroutines may use and
// which refuses frames of more than frameSize.
func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(frameSize), zstd.WithDecodeAllCapLimit(true))
}

// decodeFrame decodes one frame into dst, which it must fill exactly.
func decodeFrame(d *zstd.Decoder, frame, dst []byte) error {
	out, err := d.DecodeAll(frame, dst[:0:len(dst)])
	if err != nil {
		return fmt.Errorf("%w: zstd frame: %w", evidence.ErrIntegrity, err)
	}
	if len(out) != len(dst) {
		return fmt.Errorf("%w: zstd frame of %d bytes where the seek table says %d", evidence.ErrIntegrity, len(out), len(dst))
	}
	return nil
}
