# SPDX-License-Identifier: Apache-2.0
"""GStreamer's RTSP server with the sample, over and over: gst_rtsp.py PORT FILE."""
import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer(address='127.0.0.1', service=sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(shared=True)
factory.set_launch(f'( filesrc location={sys.argv[2]} ! flvdemux name=d '
                   'd.video ! queue ! h264parse ! rtph264pay name=pay0 pt=96 '
                   'd.audio ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )')
factory.set_protocols(GstRtspServer.RTSPMediaFactory().get_protocols())
server.get_mount_points().add_factory('/live', factory)
server.attach(None)
print('ready', flush=True)
GLib.MainLoop().run()
