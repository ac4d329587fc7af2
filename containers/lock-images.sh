#!/usr/bin/env bash
# Renews the hash-locked requirements of the images that are not the embedded stack's (`make lock`
# does that one). PyPI is enough; what PyPI does not have is named in each folder's cuda.txt.
#
#   containers/lock-images.sh [UV]
set -euo pipefail
uv=${1:-uv}
cd "$(dirname "$0")/.."

compile() { # folder, Python version, further options
  local folder=containers/$1 python=$2
  shift 2
  echo "$folder"
  "$uv" pip compile "$folder/requirements.in" --generate-hashes --python-version "$python" \
    --python-platform x86_64-manylinux_2_28 --custom-compile-command 'make lock-images' \
    --output-file "$folder/requirements.lock" --quiet --upgrade "$@"
}

# The CUDA builds and the libraries that they bring come from elsewhere; see cuda.txt.
cuda=()
for package in torch torchvision torchaudio xformers vllm triton nvidia-{cublas,cuda-cupti,cuda-nvrtc,cuda-runtime,cudnn,cufft,curand,cusolver,cusparse,nccl,nvjitlink,nvtx}-cu12; do
  cuda+=(--no-emit-package "$package")
done

compile current 3.11
compile harness 3.11
compile paper-evaluate 3.11 --exclude-newer 2025-04-17 "${cuda[@]}"
compile paper-train 3.10 --exclude-newer 2025-04-17 "${cuda[@]}"
