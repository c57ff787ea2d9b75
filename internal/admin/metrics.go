package admin

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"confab/sfu"
	"confab/sfu/wire"
)

// Sources are where the numbers come from; each is asked on every scrape.
type Sources struct {
	Sockets func() (open int64, overflows uint64)
	Media   func() sfu.Totals
	Port    func() wire.Stats
	// Relayed counts the TURN allocations, Public the addresses by which the server is reached from outside.
	Relayed, Public func() int
}

// Metrics gathers Go's and the process's own figures and Confab's.
func Metrics(from Sources) prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "confab_" + name, Help: help}, value))
	}
	total := func(name, help string, value func() uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "confab_" + name + "_total", Help: help},
			func() float64 { return float64(value()) }))
	}
	media := func(name, help string, value func(sfu.Totals) uint64) {
		total(name, help, func() uint64 { return value(from.Media()) })
	}
	port := func(name, help string, value func(wire.Stats) uint64) {
		total(name, help, func() uint64 { return value(from.Port()) })
	}
	gauge("sockets", "Realtime sockets that are open.", func() float64 { open, _ := from.Sockets(); return float64(open) })
	total("slow_readers", "Sockets closed because they did not read (4408).", func() uint64 { _, overflows := from.Sockets(); return overflows })
	gauge("calls", "Calls that are running.", func() float64 { return float64(from.Media().Rooms) })
	gauge("legs", "Devices in calls.", func() float64 { return float64(from.Media().Legs) })
	gauge("direct_legs", "Those of them whose media is encrypted straight into batches.", func() float64 { return float64(from.Media().DirectLegs) })

	gauge("turn_allocations", "TURN allocations that stand.", func() float64 { return float64(from.Relayed()) })
	gauge("public_addresses", "Addresses by which the server is reached from outside.", func() float64 { return float64(from.Public()) })

	media("rtp_received_packets", "Media packets that came in.", func(t sfu.Totals) uint64 { return t.PacketsIn })
	media("rtp_received_bytes", "Media bytes that came in.", func(t sfu.Totals) uint64 { return t.BytesIn })
	media("rtp_sent_packets", "Media packets that were forwarded.", func(t sfu.Totals) uint64 { return t.PacketsOut })
	media("rtp_sent_bytes", "Media bytes that were forwarded.", func(t sfu.Totals) uint64 { return t.BytesOut })
	media("rtp_malformed", "Packets dropped because they made no sense.", func(t sfu.Totals) uint64 { return t.Malformed })
	media("rtp_retransmitted", "Packets sent again.", func(t sfu.Totals) uint64 { return t.Retransmitted })
	media("rtp_padding", "Packets sent to find out what a path bears.", func(t sfu.Totals) uint64 { return t.Padding })
	media("nack_received", "Packets that receivers asked for again.", func(t sfu.Totals) uint64 { return t.NACKsIn })
	media("nack_sent", "Packets asked for again from publishers.", func(t sfu.Totals) uint64 { return t.NACKsOut })
	media("pli_received", "Key frames that receivers asked for.", func(t sfu.Totals) uint64 { return t.PLIsIn })
	media("pli_sent", "Key frames asked for from publishers.", func(t sfu.Totals) uint64 { return t.PLIsOut })
	media("rtp_send_errors", "Packets that the socket refused.", func(t sfu.Totals) uint64 { return t.SendErrors })
	media("leg_panics", "Legs that were ended by a panic.", func(t sfu.Totals) uint64 { return t.Panics })

	port("port_received_packets", "Datagrams that came in.", func(s wire.Stats) uint64 { return s.PacketsIn })
	port("port_received_bytes", "Their bytes.", func(s wire.Stats) uint64 { return s.BytesIn })
	port("port_sent_packets", "Datagrams handed to the kernel.", func(s wire.Stats) uint64 { return s.PacketsOut })
	port("port_sent_bytes", "Their bytes.", func(s wire.Stats) uint64 { return s.BytesOut })
	port("port_receive_calls", "System calls that received.", func(s wire.Stats) uint64 { return s.ReceiveCalls })
	port("port_send_calls", "System calls that sent.", func(s wire.Stats) uint64 { return s.SendCalls })
	port("port_dropped_unknown", "Datagrams that are nothing we speak.", func(s wire.Stats) uint64 { return s.DroppedUnknown })
	port("port_dropped_no_leg", "Datagrams for no device that is known.", func(s wire.Stats) uint64 { return s.DroppedNoLeg })
	port("port_dropped_full", "Datagrams for which a queue had no room.", func(s wire.Stats) uint64 { return s.DroppedFull })
	port("port_dropped_out", "Datagrams that the kernel did not take.", func(s wire.Stats) uint64 { return s.DroppedOut })
	port("stun_answers", "Plain STUN requests that were answered.", func(s wire.Stats) uint64 { return s.BindingAnswers })
	port("stun_dropped", "Plain STUN requests over the limit.", func(s wire.Stats) uint64 { return s.BindingDropped })
	port("tcp_accepted", "Connections that were accepted.", func(s wire.Stats) uint64 { return s.TCPAccepted })
	port("tcp_refused", "Connections closed because there were too many.", func(s wire.Stats) uint64 { return s.TCPRefused })
	port("tcp_undecided", "Connections closed because they said nothing that we speak.", func(s wire.Stats) uint64 { return s.TCPUndecided })
	return r
}
