"""What Zeek's logs share: the two ends of a connection, however their names are spelled."""

from __future__ import annotations

from ocsf.mapping import Ip, NotIp, Tree, c, f, num, under

PORT_MAXIMUM = 65_535
MESSAGE_LENGTH = 4096
ORIGIN = ('"id.orig_h"', "id_orig_h", "id.orig_h")
RESPONDER = ('"id.resp_h"', "id_resp_h", "id.resp_h")
LOG = "log"
LOG_NAMES = ("_path", "@stream")

SOURCE: Tree = {
    "ip": Ip(f(*ORIGIN)),
    "hostname": NotIp(f(*ORIGIN)),
    "port": num('"id.orig_p"', "id_orig_p", "id.orig_p", maximum=PORT_MAXIMUM),
    "mac": f("orig_l2_addr"),
}
DESTINATION: Tree = {
    "ip": Ip(f(*RESPONDER)),
    "hostname": NotIp(f(*RESPONDER)),
    "port": num('"id.resp_p"', "id_resp_p", "id.resp_p", maximum=PORT_MAXIMUM),
    "mac": f("resp_l2_addr"),
}
ENDPOINTS: Tree = {**under("src_endpoint", SOURCE), **under("dst_endpoint", DESTINATION)}
CONNECTION: Tree = {
    **ENDPOINTS,
    "connection_info.uid": f("uid"),
    "connection_info.protocol_name": f("proto"),
    "connection_info.direction_id": c(0),
}
