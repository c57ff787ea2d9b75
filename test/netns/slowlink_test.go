package netns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slow makes a host of two cards a link that delays and loses. The kernel's netem does that where it has it, and a process
// where not; that one wants plain frames from both ends.
func (h *host) slow(cfg slowConfig, ends ...end) {
	h.lab.t.Helper()
	netem := func(card string) error {
		out, err := exec.Command("tc", "-n", h.ns, "qdisc", "add", "dev", card, "root", "netem", "limit", "10000",
			"delay", fmt.Sprintf("%dms", cfg.Delay.Milliseconds()), "loss", fmt.Sprintf("%g%%", 100*cfg.Loss)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("tc: %w: %s", err, bytes.TrimSpace(out))
		}
		return nil
	}
	if err := netem(cfg.Cards[0]); err != nil {
		h.lab.t.Logf("a process carries the slow link, for the kernel does not: %v", err)
		for _, e := range ends {
			e.host.start("plain frames", e.card).wait("ready")
		}
		h.start("slow link", cfg).wait("ready")
		return
	}
	if err := netem(cfg.Cards[1]); err != nil {
		h.lab.t.Fatal(err)
	}
	h.bridge("br", "", cfg.Cards[0], cfg.Cards[1])
}

// slowConfig describes a link that delays and loses.
type slowConfig struct {
	Cards [2]string
	Delay time.Duration // each way
	Loss  float64       // of each packet, 0 to 1
	Seed  uint64
}

// playSlowLink carries frames between two cards of its host.
func playSlowLink(text string, commands <-chan string, say func(event)) error {
	var cfg slowConfig
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	var sockets [2]int
	for i, card := range cfg.Cards {
		var err error
		if sockets[i], err = openCard(card); err != nil {
			return fmt.Errorf("%s: %w", card, err)
		}
	}
	for i := range sockets {
		go carry(sockets[i], sockets[1-i], cfg, rand.New(rand.NewPCG(cfg.Seed, uint64(i))))
	}
	say(event{What: "ready"})
	for range commands {
	}
	return nil
}

// carry passes frames on, late, and some not at all.
func carry(from, to int, cfg slowConfig, chance *rand.Rand) {
	type frame struct {
		at   time.Time
		data []byte
	}
	late := make(chan frame, 10_000)
	go func() {
		for f := range late {
			time.Sleep(time.Until(f.at))
			_, _ = unix.Write(to, f.data)
		}
	}()
	defer close(late)
	buf := make([]byte, 1<<16)
	for {
		n, from, err := unix.Recvfrom(from, buf, 0)
		if err != nil {
			return
		}
		if sa, ok := from.(*unix.SockaddrLinklayer); ok && sa.Pkttype == unix.PACKET_OUTGOING {
			continue // what we wrote ourselves
		}
		if chance.Float64() >= cfg.Loss {
			late <- frame{time.Now().Add(cfg.Delay), append([]byte(nil), buf[:n]...)}
		}
	}
}

// openCard opens a card for whole frames.
func openCard(name string) (int, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	all := uint16(unix.ETH_P_ALL)<<8 | uint16(unix.ETH_P_ALL)>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(all))
	if err != nil {
		return 0, err
	}
	return fd, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: card.Index})
}

// playPlainFrames makes a card of its host send plain frames.
func playPlainFrames(card string, commands <-chan string, say func(event)) error {
	var name string
	if err := json.Unmarshal([]byte(card), &name); err != nil {
		return err
	}
	if err := plainFrames(name); err != nil {
		return err
	}
	say(event{What: "ready"})
	for range commands {
	}
	return nil
}

// plainFrames turns a card's offloads off, so that what leaves it are frames as they would be on a real cable: with
// checksums, and no longer than its MTU.
func plainFrames(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)                                   // a test
	const setTxChecksum, setTSO, setGSO = 0x17, 0x1f, 0x24 // ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO
	for _, command := range []uint32{setTSO, setGSO, setTxChecksum} {
		value := [2]uint32{command, 0}
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], name)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return fmt.Errorf("ethtool command %#x on %s: %w", command, name, errno)
		}
	}
	return nil
}
