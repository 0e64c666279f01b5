# SPDX-License-Identifier: Apache-2.0
# What the project needs from Debian 12, by purpose; sourced by the tools beside it.

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libuv1-dev libssl-dev libnghttp2-dev
    libhttp-parser-dev libyaml-dev libjansson-dev libsqlite3-dev zlib1g-dev uthash-dev
    libsrtp2-dev libnice-dev libusrsctp-dev libcurl4-openssl-dev libavcodec-dev libavutil-dev
    libswresample-dev libswscale-dev libavformat-dev libsrt-openssl-dev librsvg2-dev
    libpango1.0-dev libcairo2-dev libqrencode-dev libexpat1-dev fonts-noto-cjk"
TEST_PACKAGES="libcmocka-dev python3 python3-pytest ffmpeg openssl curl nghttp2-client rtmpdump
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-libav obs-studio xvfb libgl1-mesa-dri vlc-bin
    vlc-plugin-base mpv chromium nginx libnginx-mod-rtmp
    libnss3-tools gstreamer1.0-nice gir1.2-gst-plugins-bad-1.0 gir1.2-gst-rtsp-server-1.0 python3-gi python3-aiortc python3-zbar firefox-esr coturn janus srt-tools"
FUZZ_PACKAGES="clang libclang-rt-14-dev libcmocka-dev"

# Node comes from wherever it is; Debian's own is new enough.
node_packages() {
    command -v node >/dev/null && command -v npm >/dev/null || echo nodejs npm
}

# Installs those of the named packages that are missing.
need_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing packages; run this as root, or first: apt-get install$missing" >&2
        return 1
    fi
    echo "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null &&
        apt-get install -q -y --no-install-recommends $missing >/dev/null
}

# The packages of a lock file, when it changed.
node_install() ( # DIRECTORY
    stamp=node_modules/.lock-installed
    cd "$1" || exit
    if ! cmp -s package-lock.json $stamp; then
        # npm 11 refuses a lock file without the optional packages of other systems.
        npm ci --no-audit --no-fund --loglevel=silent ||
            npm install --no-save --no-audit --no-fund --loglevel=error || exit
        cp package-lock.json $stamp
    fi
)

# The peers of the end-to-end tests that are in JavaScript. node-av brings FFmpeg's libraries;
# its program, which it would fetch from elsewhere, is not needed.
build_peers() {
    SKIP_FFMPEG=true node_install tests/e2e/node
}

# src/web: its packages when the lock file changed, the pages when a source did.
build_pages() (
    node_install src/web || exit
    cd src/web || exit
    if [ ! -f dist/index.html ] ||
        [ -n "$(find src ./*.html ./*.json ./*.ts -newer dist/index.html)" ]; then
        npm run --silent build
    fi
)
