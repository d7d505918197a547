package ocsf

import (
	"regexp"
	"strings"
)

// detection fills a Detection Finding: what was seen, in evidences.
func (m *mapper) detection() {
	m.event.Remediation = m.remediation()
	action := m.root.at("Action")
	m.apiCall(action.at("AwsApiCallAction"))
	m.connection(action.at("NetworkConnectionAction"))
	m.network(m.root.at("Network"))
	m.dnsRequest(action.at("DnsRequestAction"))
	m.evidence(action.at("PortProbeAction"), evidence{})
	m.process(m.root.at("Process"))
	if !m.v110 { // a profile of its own there
		m.malware(m.root.at("Malware"))
	}
}

// evidence adds an evidence that carries the object n whole.
func (m *mapper) evidence(n *node, e evidence) {
	if n == nil || n.kind != '{' || len(n.children) == 0 {
		return
	}
	e.Data = m.json(n)
	use(n)
	m.event.Evidences = append(m.event.Evidences, e)
}

func (m *mapper) apiCall(n *node) {
	var e evidence
	if operation := n.at("Api").text(); operation != "" {
		e.API = &api{Operation: operation}
		if name := n.at("ServiceName").text(); name != "" {
			e.API.Service = &service{name}
		}
	}
	e.SrcEndpoint = remote(n.at("RemoteIpDetails"), nil)
	m.evidence(n, e)
}

// Directions of a connection, seen from the resource.
var directions = map[string]connectionInfo{
	"INBOUND": {Direction: "Inbound", DirectionID: 1}, "IN": {Direction: "Inbound", DirectionID: 1},
	"OUTBOUND": {Direction: "Outbound", DirectionID: 2}, "OUT": {Direction: "Outbound", DirectionID: 2},
}

func connectionOf(direction, protocol string) *connectionInfo {
	c, ok := directions[direction]
	if !ok {
		c = connectionInfo{Direction: "Unknown"}
	}
	c.ProtocolName = protocol
	return &c
}

func (m *mapper) connection(n *node) {
	e := evidence{ConnectionInfo: connectionOf(n.at("ConnectionDirection").text(), n.at("Protocol").text())}
	far := remote(n.at("RemoteIpDetails"), n.at("RemotePortDetails", "Port"))
	if e.ConnectionInfo.DirectionID == 2 {
		e.DstEndpoint = far
	} else {
		e.SrcEndpoint = far
	}
	m.evidence(n, e)
}

func (m *mapper) network(n *node) {
	end := func(side string) *endpoint {
		e := endpoint{Domain: n.at(side + "Domain").text(), Port: port(n.at(side + "Port"))}
		for _, version := range []string{"IpV4", "IpV6"} {
			if ip := n.at(side + version).text(); e.IP == "" && isIP(ip) {
				e.IP = ip
			}
		}
		if address := n.at(side + "Mac").text(); mac.MatchString(address) {
			e.MAC = address
		}
		return e.known()
	}
	m.evidence(n, evidence{
		ConnectionInfo: connectionOf(n.at("Direction").text(), n.at("Protocol").text()),
		SrcEndpoint:    end("Source"), DstEndpoint: end("Destination"),
	})
}

var (
	mac      = regexp.MustCompile(`^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$`)
	hostname = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

func (m *mapper) dnsRequest(n *node) {
	var e evidence
	if name := strings.TrimSuffix(n.at("Domain").text(), "."); hostname.MatchString(name) {
		e.Query = &query{name}
	}
	m.evidence(n, e)
}

// remote returns the endpoint of RemoteIpDetails and a port, or nil.
func remote(n, portNumber *node) *endpoint {
	e := endpoint{Port: port(portNumber)}
	if ip := n.at("IpAddressV4").text(); isIP(ip) {
		e.IP = ip
	}
	l := location{City: n.at("City", "CityName").text()}
	if code := n.at("Country", "CountryCode").text(); len(code) == 2 { // a country is its code there
		l.Country = code
	}
	if l != (location{}) {
		e.Location = &l
	}
	return e.known()
}

// known returns the endpoint if it has one of the attributes by which OCSF lets
// one be known.
func (e endpoint) known() *endpoint {
	if e.IP == "" {
		return nil
	}
	return &e
}

func port(n *node) *int {
	if p, ok := n.integer(); ok && p >= 0 && p <= 65535 {
		return &p
	}
	return nil
}

func (m *mapper) process(n *node) {
	pid, ok := n.at("Pid").integer()
	if !ok {
		return // OCSF knows a process by its number
	}
	use(n.at("Pid"))
	p := process{PID: &pid, Name: m.take(n.at("Name"))}
	if parent, ok := n.at("ParentPid").integer(); ok {
		p.ParentProcess = &process{PID: &parent}
		use(n.at("ParentPid"))
	}
	if !m.v110 {
		p.Path = m.take(n.at("Path"))
	}
	p.CreatedTime, p.CreatedTimeDT = m.ownMoment(n.at("LaunchedAt"))
	p.TerminatedTime, p.TerminatedTimeDT = m.ownMoment(n.at("TerminatedAt"))
	m.event.Evidences = append(m.event.Evidences, evidence{Process: &p})
}

// malwareKinds are the kinds of ASFF that OCSF knows, with its names for them.
var malwareKinds = map[string]captioned{
	"ADWARE": {1, "Adware"}, "BOTNET_AGENT": {3, "Bot"}, "EXPLOIT_KIT": {8, "Exploit-Kit"}, "KEYLOGGER": {9, "Keylogger"},
	"RANSOMWARE": {10, "Ransomware"}, "REMOTE_ACCESS": {11, "Remote-Access-Trojan"}, "COIN_MINER": {13, "Resource-Exploitation"},
	"ROOTKIT": {15, "Rootkit"}, "SPYWARE": {17, "Spyware"}, "TROJAN": {18, "Trojan"}, "VIRUS": {19, "Virus"}, "WORM": {22, "Worm"},
}

func (m *mapper) malware(all *node) {
	for _, n := range all.list() {
		if n.at("Name").text() == "" {
			continue
		}
		out := malware{Name: m.take(n.at("Name"))}
		kind, known := malwareKinds[n.at("Type").text()]
		switch text := n.at("Type").text(); {
		case known: // the kind itself stays unmapped: Bot is not all that BOTNET_AGENT says
			out.ClassificationIDs, out.Classifications = []int{kind.id}, []string{kind.caption}
		case text == "":
			out.ClassificationIDs, out.Classifications = []int{0}, []string{"Unknown"}
		default:
			out.ClassificationIDs, out.Classifications = []int{other}, []string{m.take(n.at("Type"))}
		}
		if n.at("Path").text() != "" {
			out.Files = []file{m.file(nil, n.at("Path"))}
		}
		m.event.Malware = append(m.event.Malware, out)
	}
}
