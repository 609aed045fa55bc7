package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// forged are programs that print a line of handshake and do no more: the line, with
// a socket "s" that exists, or what else the line speaks of.
var forged = map[string]string{
	"forged-tcp":      "1|1|tcp|127.0.0.1:22|grpc|",
	"forged-docker":   "1|1|unix|/run/docker.sock|grpc|",
	"forged-parent":   "1|1|unix|../s|grpc|",
	"forged-abstract": "1|1|unix|@s|grpc|",
	"forged-file":     "1|1|unix|f|grpc|",
	"forged-none":     "1|1|unix|nothing|grpc|",
	"forged-empty":    "1|1|unix||grpc|",
	"forged-nul":      "1|1|unix|s\x00x|grpc|",
	"forged-core":     "2|1|unix|s|grpc|",
	"forged-version":  "1|99|unix|s|grpc|",
	"forged-fields":   "1|1|unix",
	"forged-netrpc":   "1|1|unix|s|netrpc|",
	"forged-words":    "one|1|unix|s|grpc|",
	"cert-base64":     "1|1|unix|s|grpc|" + string(bytes.Repeat([]byte("!"), 100)),
	"cert-junk":       "1|1|unix|s|grpc|" + base64.RawStdEncoding.EncodeToString(bytes.Repeat([]byte{0x30, 0x82, 0xff}, 100)),
	"cert-none":       "1|1|unix|s|grpc|",
	"cert-other":      "1|1|unix|s|grpc|",
}

// forge prints the line that the program's name asks for.
func forge(program string) {
	line, ok := forged[program]
	if !ok {
		return
	}
	l, err := net.Listen("unix", "s")
	if err != nil {
		os.Exit(3)
	}
	if f, err := os.Create("f"); err == nil {
		f.Close()
	}
	shown, served := certificate(), certificate()
	if program == "cert-other" {
		line += base64.RawStdEncoding.EncodeToString(shown.Certificate[0])
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tls.Server(c, &tls.Config{Certificates: []tls.Certificate{served}}).Handshake()
			c.Close()
		}
	}()
	fmt.Println(line)
	time.Sleep(time.Hour)
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// intercept floods the streams that go-plugin opens for itself.
func (s *server) intercept(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	switch s.program + " " + info.FullMethod {
	case "broker-flood /plugin.GRPCBroker/StartStream":
		for id := uint64(1); ; id++ {
			knock := message("plugin.ConnInfo.Knock", map[string]any{"knock": true})
			if err := stream.SendMsg(message("plugin.ConnInfo", map[string]any{"service_id": uint32(id), "knock": knock})); err != nil {
				return err
			}
			s.sent.Add(1)
		}
	case "stdio-flood /plugin.GRPCStdio/StreamStdio":
		data := bytes.Repeat([]byte("evidence "), 1000)
		for {
			if err := stream.SendMsg(message("plugin.StdioData", map[string]any{"channel": protoreflect.EnumNumber(2), "data": data})); err != nil {
				return err
			}
			s.sent.Add(int64(len(data)))
		}
	case "stdio-huge /plugin.GRPCStdio/StreamStdio":
		return stream.SendMsg(message("plugin.StdioData", map[string]any{"channel": protoreflect.EnumNumber(2), "data": make([]byte, 32<<20)}))
	}
	return next(srv, stream)
}

// message makes one of go-plugin's internal messages.
func message(name protoreflect.FullName, fields map[string]any) proto.Message {
	t, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		panic(err)
	}
	m := t.New()
	for field, v := range fields {
		if sub, ok := v.(proto.Message); ok {
			v = sub.ProtoReflect()
		}
		m.Set(m.Descriptor().Fields().ByName(protoreflect.Name(field)), protoreflect.ValueOf(v))
	}
	return m.Interface()
}
