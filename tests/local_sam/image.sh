#!/bin/bash
# An image to run the functions in, made of Debian, the Python of the runtime and awslambdaric, for machines that reach
# Debian and PyPI but not public.ecr.aws. Needs root, debootstrap and a container engine; takes about a minute.
#
#     sudo bash tests/local_sam/image.sh muster-lambda:3.13
#     LAMBDA_IMAGE=muster-lambda:3.13 make local-sam

set -euo pipefail
cd "$(dirname "$0")/../.."

image=${1:?name of the image}
python=$(${PYTHON:-.venv/bin/python} -m tests.deploy.runtime)/python3.13
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase --include=ca-certificates,zlib1g,libssl3,libffi8,libbz2-1.0,liblzma5,libsqlite3-0 \
  bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" > /dev/null
rm -rf "$root"/var/cache/apt "$root"/var/lib/apt/lists "$root"/usr/share/{doc,man,locale}

# Where Lambda has them: Python in /var/lang, its runtime's client in /var/runtime. Python finds its own library and
# modules by the path that it was built for, so it lies there and is linked.
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
mkdir -p "$root$prefix" "$root"/var/{lang/bin,runtime,task} "$root"/opt
cp -a "$prefix/." "$root$prefix"
rm -rf "$root$prefix"/lib/python3.13/{test,idlelib,ensurepip,site-packages,config-3.13-*}
ln -s "$prefix/bin/python3.13" "$root/var/lang/bin/python3.13"
"$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$root/var/runtime" awslambdaric==4.2.2

cat > "$root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
export PYTHONPATH=/var/task:/opt/python:/var/runtime
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
BOOTSTRAP
chmod 755 "$root" "$root/var/runtime/bootstrap"

tar -C "$root" -c . | docker import \
  --change 'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=:UTC LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
  --change 'WORKDIR /var/task' - "$image"
