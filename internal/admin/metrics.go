package admin

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"confab/sfu"
)

// Sources are where the numbers come from; each is asked on every scrape.
type Sources struct {
	Sockets func() (open int64, overflows uint64)
	Media   func() sfu.Totals
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
	counter := func(name, help string, value func(sfu.Totals) uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "confab_" + name, Help: help},
			func() float64 { return float64(value(from.Media())) }))
	}
	gauge("sockets", "Realtime sockets that are open.", func() float64 { open, _ := from.Sockets(); return float64(open) })
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "confab_slow_readers_total", Help: "Sockets closed because they did not read (4408).",
	}, func() float64 { _, overflows := from.Sockets(); return float64(overflows) }))
	gauge("calls", "Calls that are running.", func() float64 { return float64(from.Media().Rooms) })
	gauge("legs", "Devices in calls.", func() float64 { return float64(from.Media().Legs) })

	gauge("turn_allocations", "TURN allocations that stand.", func() float64 { return float64(from.Relayed()) })
	gauge("public_addresses", "Addresses by which the server is reached from outside.", func() float64 { return float64(from.Public()) })

	counter("rtp_received_packets_total", "Media packets that came in.", func(t sfu.Totals) uint64 { return t.PacketsIn })
	counter("rtp_received_bytes_total", "Media bytes that came in.", func(t sfu.Totals) uint64 { return t.BytesIn })
	counter("rtp_sent_packets_total", "Media packets that were forwarded.", func(t sfu.Totals) uint64 { return t.PacketsOut })
	counter("rtp_sent_bytes_total", "Media bytes that were forwarded.", func(t sfu.Totals) uint64 { return t.BytesOut })
	counter("rtp_malformed_total", "Packets dropped because they made no sense.", func(t sfu.Totals) uint64 { return t.Malformed })
	counter("rtp_retransmitted_total", "Packets sent again.", func(t sfu.Totals) uint64 { return t.Retransmitted })
	counter("rtp_padding_total", "Packets sent to find out what a path bears.", func(t sfu.Totals) uint64 { return t.Padding })
	counter("nack_received_total", "Packets that receivers asked for again.", func(t sfu.Totals) uint64 { return t.NACKsIn })
	counter("nack_sent_total", "Packets asked for again from publishers.", func(t sfu.Totals) uint64 { return t.NACKsOut })
	counter("pli_received_total", "Key frames that receivers asked for.", func(t sfu.Totals) uint64 { return t.PLIsIn })
	counter("pli_sent_total", "Key frames asked for from publishers.", func(t sfu.Totals) uint64 { return t.PLIsOut })
	counter("rtp_send_errors_total", "Packets that the socket refused.", func(t sfu.Totals) uint64 { return t.SendErrors })
	counter("leg_panics_total", "Legs that were ended by a panic.", func(t sfu.Totals) uint64 { return t.Panics })
	return r
}
