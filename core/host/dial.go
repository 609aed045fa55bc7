package host

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// maxReceive bounds one message from a plugin: an event, a description.
	maxReceive = 4 << 20
	// maxSend bounds one message to it: what package sdk takes. maxRequest of it may be
	// configuration and keys.
	maxSend    = 64 << 20
	maxRequest = 48 << 20
	// maxHeaders bounds the headers and trailers of an answer.
	maxHeaders = 64 << 10
	// maxChat bounds one piece of stdout or stderr that comes by gRPC; go-plugin sends 1 KiB.
	maxChat = 64 << 10
)

// Services of go-plugin's own.
const (
	brokerStream = "/plugin.GRPCBroker/StartStream"
	stdioStream  = "/plugin.GRPCStdio/StreamStdio"
)

// dialOptions say how the host speaks to a plugin. They come after go-plugin's own,
// which set no bound on messages.
func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceive), grpc.MaxCallSendMsgSize(maxSend)),
		grpc.WithMaxHeaderListSize(maxHeaders),
		grpc.WithStreamInterceptor(guardStream),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithNoProxy(),
	}
}

// guardStream keeps go-plugin from opening its broker's stream. The broker remembers
// whatever number a plugin sends on it, each with a goroutine or for good: a plugin
// that counts upwards takes the host's memory. Nothing here uses the broker.
func guardStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	switch method {
	case brokerStream:
		return nil, status.Error(codes.Unimplemented, "host: no broker")
	case stdioStream:
		opts = append(opts, grpc.MaxCallRecvMsgSize(maxChat))
	}
	return open(ctx, desc, cc, method, opts...)
}
