# Yang dikatakan bot hanya di X. Kiriman tanpa @nama dan tanpa tautan; X menghitung sampai 280.

## Bersama lukisan. Tiga cara, karena X menolak kiriman yang berulang.

x-painted = { $way ->
    [0] Sudah dilukis untukmu. Balas dengan namaku dan “lagi”, “lebih kuat”, atau nama gaya untuk yang lain; “berhenti” menghapusnya.
    [1] Ini dia, catnya baru kering. Namaku dan “lagi”, “lebih lembut”, atau nama gaya memberi yang lain; “berhenti” menghapusnya.
   *[other] Lukisanmu. Tulis namaku dan “lagi” untuk yang lain, “lebih kuat” atau “lebih lembut” untuk mengubah; “berhenti” menghapus.
}
x-alt = Versi lukisan tangan, dalam gaya “{ $style }”, dari foto di percakapan ini.

## Tidak ada yang bisa dilukis; dikatakan paling banyak sekali sehari.

x-no-photo = Aku tidak melihat foto di sini. Pasang foto di kirimanmu, atau panggil aku di balasan pada sebuah foto.
x-photo-gone = Kiriman yang kamu balas tidak terlihat, jadi tidak ada foto untuk dilukis.
x-no-still = Itu video tanpa gambar diam. Tolong perlihatkan sebuah foto.
x-parent-photos = Aku melukis foto untuk pemiliknya saja. Silakan kirim fotomu sendiri.

## Pesan langsung.

x-message-help = Kirim foto ke sini dan akan kulukis. Lalu “lagi”, “lebih kuat”, “lebih lembut”, atau nama gaya memberi yang lain; dengan “berhenti” aku melupakanmu.
x-message-stopped = Selesai: yang kupunya tentangmu sudah kuhapus, dan mulai sekarang fotomu tidak akan kulukis.
