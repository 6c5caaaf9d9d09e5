#include "client/data/idx_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "client/data/table_source.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxRank = 4;

std::uint32_t BigEndian32(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

std::size_t BytesOf(IdxType type) {
  switch (type) {
    case IdxType::kU8:
      return 1;
    case IdxType::kI16:
      return 2;
    case IdxType::kI32:
      return 4;
    case IdxType::kF32:
      return 4;
  }
  return 0;
}

double Element(const IdxArray& array, std::size_t index) {
  const char* at = array.data.data() + index * BytesOf(array.type);
  switch (array.type) {
    case IdxType::kU8:
      return static_cast<unsigned char>(*at);
    case IdxType::kI16: {
      const unsigned bits =
          static_cast<unsigned>(static_cast<unsigned char>(at[0])) << 8 | static_cast<unsigned char>(at[1]);
      return static_cast<std::int16_t>(bits);
    }
    case IdxType::kI32:
      return static_cast<std::int32_t>(BigEndian32(at));
    case IdxType::kF32:
      return std::bit_cast<float>(BigEndian32(at));
  }
  return 0;
}

bool IsType(unsigned char byte) { return byte == 0x08 || byte == 0x0B || byte == 0x0C || byte == 0x0D; }

std::string HexOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

constexpr std::int64_t kMostClasses = 1 << 20;

Result<std::vector<std::int64_t>> ReadLabels(const IdxArray& array, const std::string& name,
                                             std::int64_t num_classes) {
  if (array.dims.size() != 1 || array.type == IdxType::kF32) {
    return Status(errors::kIdxMagic, name + " holds no labels: expected whole numbers of rank 1, got rank " +
                                         std::to_string(array.dims.size()) + " of type " +
                                         HexOf({reinterpret_cast<const char*>(&array.type), 1}));
  }
  std::vector<std::int64_t> labels(array.dims[0]);
  const std::int64_t limit = num_classes > 0 ? num_classes : kMostClasses;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int64_t>(Element(array, i));
    if (labels[i] < 0 || labels[i] >= limit) {
      return Status(errors::kCsvLabel, name + ": row " + std::to_string(i) + ": expected a class from 0 to " +
                                           std::to_string(limit - 1) + ", got " + std::to_string(labels[i]));
    }
  }
  return labels;
}

ExampleShape ShapeOf(const IdxArray& images) {
  ExampleShape shape;
  if (images.dims.size() == 3) shape.dims.push_back(1);
  for (std::size_t i = 1; i < images.dims.size(); ++i) shape.dims.push_back(images.dims[i]);
  return shape;
}

Result<std::vector<float>> ReadNumbers(const IdxArray& images, const std::string& name, std::size_t channels,
                                       const Normalisation& normalisation) {
  std::vector<float> features(images.elements());
  const std::size_t width = features.size() / images.dims[0];
  const std::size_t plane = width / channels;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t channel = i % width / plane;
    const double value =
        (Element(images, i) - normalisation.mean_of(channel)) / normalisation.std_of(channel);
    if (!(std::fabs(value) <= std::numeric_limits<float>::max())) {
      return Status(errors::kCsvNumber, name + ": row " + std::to_string(i / width) +
                                            " holds a value that is not a finite number");
    }
    features[i] = static_cast<float>(value);
  }
  return features;
}

}  // namespace

std::uint64_t IdxArray::elements() const {
  std::uint64_t product = 1;
  for (const std::uint32_t dim : dims) product *= dim;
  return product;
}

Result<IdxArray> ParseIdx(std::string_view bytes, const std::string& name) {
  constexpr std::size_t kMagic = 4;
  if (bytes.size() < kMagic) {
    return Status(errors::kIdxMagic,
                  name + " has " + std::to_string(bytes.size()) + " bytes, too few for an IDX header");
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t rank = byte(3);
  if (byte(0) != 0 || byte(1) != 0 || !IsType(byte(2)) || rank < 1 || rank > kMaxRank) {
    return Status(errors::kIdxMagic, name + " starts with bytes " + HexOf(bytes.substr(0, kMagic)) +
                                         ", expected 0000, then 08, 0b, 0c or 0d, then 01 to 04");
  }
  IdxArray array;
  array.type = static_cast<IdxType>(byte(2));
  const std::size_t header = kMagic + 4 * rank;
  if (bytes.size() < header) return Status(errors::kIdxSize, name + " ends within its header");
  std::uint64_t expected = BytesOf(array.type);
  for (std::size_t i = 0; i < rank; ++i) {
    array.dims.push_back(BigEndian32(bytes.data() + kMagic + 4 * i));
    if (__builtin_mul_overflow(expected, std::uint64_t{array.dims.back()}, &expected)) {
      return Status(errors::kIdxSize, name + ": the product of its dimensions overflows");
    }
  }
  if (bytes.size() - header != expected) {
    return Status(errors::kIdxSize, name + " has " + std::to_string(bytes.size() - header) +
                                        " bytes of data, its header says " + std::to_string(expected));
  }
  array.data = bytes.substr(header);
  return array;
}

Result<std::unique_ptr<ExampleSource>> ReadIdx(std::string_view image_bytes, std::string_view label_bytes,
                                               const IdxNames& names, std::int64_t num_classes,
                                               const Normalisation& normalisation) {
  CAIRN_ASSIGN_OR_RETURN(const IdxArray images, ParseIdx(image_bytes, names.images));
  CAIRN_ASSIGN_OR_RETURN(const IdxArray label_array, ParseIdx(label_bytes, names.labels));
  if (num_classes < 0 || num_classes > kMostClasses) {
    return Status(errors::kDatasetConfig,
                  "num_classes is " + std::to_string(num_classes) + ", expected 2 to 1048576, or 0");
  }
  CAIRN_ASSIGN_OR_RETURN(std::vector<std::int64_t> labels,
                         ReadLabels(label_array, names.labels, num_classes));
  if (images.dims.size() < 2) {
    return Status(errors::kIdxMagic,
                  names.images + " has rank 1, expected 2 to 4: it looks like a label file");
  }
  if (images.dims[0] != labels.size()) {
    return Status(errors::kIdxCount, names.images + " holds " + std::to_string(images.dims[0]) +
                                         " examples, " + names.labels + " " + std::to_string(labels.size()) +
                                         " labels");
  }
  if (images.elements() == 0) return Status(errors::kDataEmpty, names.images + " holds no example");
  if (num_classes == 0)
    num_classes = std::max<std::int64_t>(2, *std::max_element(labels.begin(), labels.end()) + 1);
  ExampleShape shape = ShapeOf(images);
  const std::int64_t channels = images.dims.size() == 2 ? 1 : shape.dims[0];
  CAIRN_RETURN_IF_ERROR(CheckNormalisation(normalisation, channels));
  if (images.type == IdxType::kU8) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(images.data.data());
    return std::unique_ptr<ExampleSource>(ImageSource::Make(std::move(shape),
                                                            {first, first + images.data.size()},
                                                            std::move(labels), num_classes, normalisation));
  }
  CAIRN_ASSIGN_OR_RETURN(
      std::vector<float> features,
      ReadNumbers(images, names.images, static_cast<std::size_t>(channels), normalisation));
  return std::unique_ptr<ExampleSource>(
      TableSource::WithLabels(std::move(shape), std::move(features), std::move(labels), num_classes));
}

}  // namespace cairn
